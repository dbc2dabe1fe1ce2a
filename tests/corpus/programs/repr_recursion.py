"""A recipe shows its steps and each step shows its recipe, so that neither can ever be shown."""

# trait: local whose `repr` recurses without end
# shows: type=ValueError
# shows: value=step 2 takes -5 minutes
# shows: minutes=-5
# shows: Recipe

STEPS = (30, -5)


class Recipe:
    """Steps to go through."""

    def __init__(self, steps):
        self.steps = [Step(self, minutes) for minutes in steps]

    def __repr__(self):
        return f"Recipe, which begins with {self.steps[0]!r}"


class Step:
    """What to do for some minutes."""

    def __init__(self, recipe, minutes):
        self.recipe = recipe
        self.minutes = minutes

    def __repr__(self):
        return f"Step({self.recipe!r}, {self.minutes})"


def plan(recipe):
    for number, step in enumerate(recipe.steps, 1):
        minutes = step.minutes
        if minutes < 0:
            raise ValueError(f"step {number} takes {minutes} minutes")


plan(Recipe(STEPS))
