"""What other formats, masks and decodings leave in a text is told apart from names and numbers."""

import pytest

from kardia_ctl.kinds.texts.flaw import TextFormat
from kardia_ctl.kinds.texts.spoiled import doubt, fault
from kardia_ctl.kinds.texts.wrappings import WRAPPINGS

PERSONAL = [form for form in TextFormat if form is not TextFormat.OTHER]

NOBODY = [
    *("(blank)", "(Leer)", "(vide)", "(en blanco)", "[empty]", "<unknown>", "[REDACTED]"),
    *("['Smith']", '["Smith"]', "('Smith',)", "['Ann', 'Mae']", 'c("Ann", "Mae")', "character(0)"),
    *("Name: 0, dtype: object", "System.DBNull", "System.Byte[]", "java.lang.Object@1b2c3d4e"),
    *("<Patient object at 0x7f00>", "Smith^John^^Dr", "12345^^^HOSP^MR", "1^^^A&1.2.3&ISO", "Sm**h", "••••"),
    *("xxx-xx-1234", "XXX-XX-1234"),
]
NO_NAMES = [
    *("#REF", "#VALUE", "#Error", "#Fehler", "#Name", "#Deleted", "#Gelöscht", "#DIV/0"),
    *("SMITH^JOHN", "O''Brien"),
]
ODD_NAMES = [
    *("Unknown", "UNBEKANNT", "inconnu", "xxx", "XXXX", "k.A.", "MASKED"),
    *("<Smith>", "[LASTNAME]", "{lastname}", "%NAME%", "$name", "Smith;", "Smith,", "Smith|", "Smith~Lee"),
    *("Smi=20th", "Smith=", "Smith+AC0-", "H”á", "“Bob", "Smith\U0001f600", "M²ller", "Wa³êsa", "Mⁿller"),
    *(
        "MŸller",
        "RŽmy",
        "BŠr",
        "Mьller",
        "Mόller",
        "M黮ler",
        "锟斤拷",
        "烫烫烫",
        "þÿSmith",
        "Å imon",
        "\u0301Lee",
    ),
    *("Ĺ»aba", "Ĺukasz ĂłĹ‚", "Ă¶rn", "РћР»СЊРіР°", "ОњО±ПЃОЇО±", "縺ｯ縺ｪ縺薙"),
]
NAMES = [
    *(
        "Ăn",
        "TĂŢĂRANU",
        "Ĺubica",
        "Å",
        "Åse",
        "Ål",
        "Dž",
        "DŽAMONJA",
        "McDonald",
        "LaToya",
        "ŠŤASTNÝ",
        "Œuvray",
    ),
    *("Рита", "РОСС", "Сірко", "Рівне", "СЕРГЕЙ", "ΡΕΑ", "Ξένια", "ΟΛΓΑ", "山田", "𠮷田", "はなこ", "ヤマダ"),
    *("Robert “Bob” Lee", "Ana (María)", "Anne & Bob", "Smith, Jr.", "X Æ A-12", "Unk Lee", "Kein Nguyen"),
    *("Ng", "Ñ", "ẞ", "Ÿ", "Ž", "Đoković", "ĦAL", "ŁÓDŹ", "N'Golo", "ʻOkina", "Guðný", "Þór", "ÞÝ", "ÿ"),
]
ODD_MRNS = [
    *("#REF", "#Error", "1.23E7", "1,2E05", "123456789012345000", "12,345", "12'345", "1,234,567"),
    *("01.02.2024", "2024-02-01", "1/2/2024", "12:30", "00:00:00", "2147483647", "-2147483648"),
    *(
        "3. Mrz",
        "Mrz 01",
        "03-mars",
        "1-janv.",
        "janv-01",
        "1-déc",
        "mai-05",
        "dic-12",
        "mar-01",
        "01. Mai 24",
    ),
    *("UNKNOWN", "unbekannt", "XXXX", "0012,", "0012;", "|12", "[12345]", "<12345>", "*12345*", "{12}"),
    *("# AC-1", "// AC-1", "-- AC-1", "Medical record number", "urn:oid:1.2|12", "https://x/Patient/12"),
    *("Patient/12", "12^45", "12''45", "12?45", "12\\45"),
]
MRNS = [
    *("MAR-01", "MAI-5", "ABC-0001", "AB/2024", "2024/0017", "2024-0017", "943 476 5919", "1234567890123456"),
    *("(12)", "C 12", "a b", "#12", "12#", "№ 12", "A/12", "1.2.3", "756.1234.5678.97", "219E01", "12.345"),
    *("xx-1", "A{1", "٠١٢٣", "UNKNOWN-1", "1000000000000000"),
]


@pytest.mark.parametrize("value", NOBODY, ids=ascii)
def test_what_is_nobodys_is_wrong_in_every_attribute(value: str) -> None:
    assert [form for form in PERSONAL if form is not TextFormat.DATE and fault(form, value) is None] == []


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_is_no_name_is_wrong_in_one_and_odd_in_an_mrn(name: str) -> None:
    assert fault(TextFormat.NAME, name)
    assert fault(TextFormat.IDENTIFIER, name) is None
    assert doubt(TextFormat.IDENTIFIER, name)


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_what_hardly_anybody_is_called_is_odd(name: str) -> None:
    assert fault(TextFormat.NAME, name) is None
    assert doubt(TextFormat.NAME, name)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_what_people_are_called_is_neither(name: str) -> None:
    assert (fault(TextFormat.NAME, name), doubt(TextFormat.NAME, name)) == (None, None)


@pytest.mark.parametrize("mrn", ODD_MRNS, ids=ascii)
def test_an_mrn_that_a_program_cut_or_wrapped_is_odd(mrn: str) -> None:
    assert fault(TextFormat.IDENTIFIER, mrn) is None
    assert doubt(TextFormat.IDENTIFIER, mrn)


@pytest.mark.parametrize("mrn", MRNS, ids=ascii)
def test_an_mrn_that_somebody_uses_is_neither(mrn: str) -> None:
    assert (fault(TextFormat.IDENTIFIER, mrn), doubt(TextFormat.IDENTIFIER, mrn)) == (None, None)


@pytest.mark.parametrize(
    "number", ["tel:+49 30 5550100", "unknown", "a@example.com", "keine", "n/a", "１２３", "inf"]
)
def test_what_is_no_phone_number_is_wrong(number: str) -> None:
    assert fault(TextFormat.PHONE, number)


@pytest.mark.parametrize(
    "number",
    ["555-555-5555", "+49 (0)30 5550100", "030/5550100", "(415) 555-0101 ext. 2", "1-800-KARDIA", "110"],
)
def test_a_phone_number_is_one_in_any_notation(number: str) -> None:
    assert (fault(TextFormat.PHONE, number), doubt(TextFormat.PHONE, number)) == (None, None)


@pytest.mark.parametrize(
    ("address", "is_wrong"),
    [
        *[("a***@example.com", True), ("********@example.com", True), ("a．b@example.com", True)],
        *[("noemail@example.com", False), ("no-mail@example.com", False), ("unknown@unknown.com", False)],
        *[("xxx@xxx.xxx", False), ("a@kh-example.lokal", False), ("a@clinic.intern", False)],
    ],
)
def test_an_address_that_stands_for_none(address: str, is_wrong: bool) -> None:
    assert bool(fault(TextFormat.EMAIL, address)) is is_wrong
    assert is_wrong or doubt(TextFormat.EMAIL, address)


def test_every_wrapping_is_found_somewhere() -> None:
    """A row of the table that no value of these lists needs is a row without a test."""
    seen = {*NOBODY, *NO_NAMES, *ODD_NAMES, *ODD_MRNS, "tel:1", "a@b", "noemail@x", "１"}
    assert [one.words for one in WRAPPINGS if not any(one.pattern.search(value) for value in seen)] == []
