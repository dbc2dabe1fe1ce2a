"""An import of recipes fails; who imports has put notes on the exception that say where."""

# trait: notes of an exception
# shows: type=ZeroDivisionError
# shows: while importing recipe 17 of 40
# shows: the recipe is called Nüsslbrot
# shows: portions=0

NAMES = {17: "Nüsslbrot"}


def per_portion(grams, portions):
    return grams / portions


def import_recipe(number, portions):
    try:
        return per_portion(500, portions)
    except ZeroDivisionError as error:
        # As error.add_note() does, which there is from Python 3.11 on.
        error.__notes__ = [f"while importing recipe {number} of 40", f"the recipe is called {NAMES[number]}"]
        raise


import_recipe(17, len(""))
