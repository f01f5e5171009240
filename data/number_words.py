"""Whole numbers below 10,000 in English and in French words: sentence pairs that need no download."""

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
UNITS += ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
UNITES = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
UNITES += ["dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"]
DIZAINES = ["", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt"]


def english(number: int) -> str:
    """0 ≤ number < 10,000 in words: 1981 is "one thousand nine hundred and eighty-one"."""
    thousands, hundreds, rest = number // 1000, number // 100 % 10, number % 100
    words = [f"{UNITS[thousands]} thousand"] if thousands else []
    words += [f"{UNITS[hundreds]} hundred"] if hundreds else []
    if rest and words:
        words.append("and")
    if 0 < rest < 20 or number == 0:
        words.append(UNITS[rest])
    elif rest:
        words.append(TENS[rest // 10] + (f"-{UNITS[rest % 10]}" if rest % 10 else ""))
    return " ".join(words)


def french(number: int) -> str:
    """0 ≤ number < 10,000 in words, spelt as before 1990: 1981 is "mille neuf cent quatre-vingt-un"."""
    thousands, hundreds, rest = number // 1000, number // 100 % 10, number % 100
    words = [UNITES[thousands]] if thousands > 1 else []
    words += ["mille"] if thousands else []
    words += [UNITES[hundreds]] if hundreds > 1 else []
    if hundreds:
        words.append("cents" if hundreds > 1 and not rest else "cent")  # the plural s falls before another number
    if rest or number == 0:
        words.append(_french_below_100(rest))
    return " ".join(words)


def _french_below_100(number: int) -> str:
    if number < 20:
        return UNITES[number]
    tens, unit = divmod(number, 10)
    if tens in (7, 9):  # soixante-dix, quatre-vingt-dix: sixty and ten, four twenties and ten
        unit += 10
    if number == 80:
        return "quatre-vingts"
    if unit in (1, 11) and tens < 8:
        return f"{DIZAINES[tens]} et {UNITES[unit]}"
    return f"{DIZAINES[tens]}-{UNITES[unit]}" if unit else DIZAINES[tens]
