"""A nightly check tries all ovens, and reports everything that failed at once."""

# trait: exception group
# shows: type=ExceptionGroup
# shows: 2 of 3 ovens failed
# shows: value=oven 1 is at 260 degrees
# shows: value=oven 3 does not answer
# shows: type=TimeoutError
# shows: is_exception_group=True
# shows: degrees=260

import sys

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

MEASURED = {1: 130 * 2, 2: 180}


def check(oven):
    degrees = MEASURED.get(oven)
    if degrees is None:
        raise TimeoutError(f"oven {oven} does not answer")
    if degrees > 250:
        raise ValueError(f"oven {oven} is at {degrees} degrees")


def nightly(ovens):
    errors = []
    for oven in ovens:
        try:
            check(oven)
        except Exception as error:
            errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {len(ovens)} ovens failed", errors)


nightly([1, 2, 3])
