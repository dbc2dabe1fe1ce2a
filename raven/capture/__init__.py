"""What of a program's errors becomes an event: where they are met, what is known of them, and what is left out."""
