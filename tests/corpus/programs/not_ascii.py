"""A bakery in Zürich writes its code in German; a customer's name is Japanese, and an emoji is in the order."""

# trait: names and texts beyond ASCII
# shows: type=GrößeFehlt
# shows: value=für 山田 fehlt die Größe: 🥨 Bürli
# shows: function=größe_von
# shows: kunde='山田'
# shows: stück=7

BESTELLT = {"山田": ("🥨 Bürli", None), "Müller": ("Nüsslbrot", 2)}


class GrößeFehlt(Exception):
    """Eine Bestellung sagt nicht, wie groß das Brot sein soll."""


def bestellung(kunde):
    """Was ein Kunde bestellt hat."""
    return BESTELLT[kunde]


def größe_von(kunde, stück):
    brot, größe = bestellung(kunde)
    if größe is None:
        raise GrößeFehlt(f"für {kunde} fehlt die Größe: {brot}")
    return größe * stück


for name in BESTELLT:
    größe_von(name, 3 + 4)
