"""What an event is made of: exceptions, frames, values, surroundings; bounded, plain and without secrets."""
