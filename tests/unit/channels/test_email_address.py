import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import InvalidMailAddress, parse_address


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("bob@example.com", "bob@example.com"),
        ("  Bob.O'Hara+news@EXAMPLE.com\t", "Bob.O'Hara+news@example.com"),
        ("zoe@mairie-l-aigle.fr", "zoe@mairie-l-aigle.fr"),
        ("a@straße.de", "a@xn--strae-oqa.de"),
        ("a@ÉCOLE.fr", "a@xn--cole-9oa.fr"),
        ("a@例え。jp", "a@xn--r8jz45g.jp"),
        ("zoé@example.com", "zoé@example.com"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
        ("a@1.2.fr", "a@1.2.fr"),
    ],
)
def test_an_address_has_one_spelling(text, canonical):
    assert parse_address(text) == canonical
    assert parse_address(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "@example.com",
        "bob@",
        "bob@localhost",
        "bob@example.com\r\nBcc: eve@example.com",
        "bob@example.com\n",
        "bob\x00@example.com",
        "bob@exam ple.com",
        "bob smith@example.com",
        '"bob smith"@example.com',
        "Bob <bob@example.com>",
        "<bob@example.com>",
        "bob@example.com,eve@example.com",
        "bob@eve@example.com",
        "bob@[127.0.0.1]",
        "bob@127.0.0.1",
        "bob(comment)@example.com",
        ".bob@example.com",
        "bob.@example.com",
        "bo..b@example.com",
        "zo..é@example.com",
        "zo é@example.com",
        "bob@-example.com",
        "bob@example-.com",
        "bob@example..com",
        "bob@.example.com",
        "bob@example.com.",
        "bob@" + "x" * 64 + ".com",
        "bob@" + ".".join(["x" * 60] * 5) + ".com",
        "x" * 65 + "@example.com",
        "é" * 33 + "@example.com",
        "x" * 64 + "@" + ".".join(["y" * 60] * 3) + ".example",
        "bob@ex_ample.com",
        "bob@\ufffd.com",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text):
    with pytest.raises(InvalidMailAddress) as refused:
        parse_address(text)
    assert refused.value.code
    assert len(text) < 4 or text.strip() not in str(refused.value)


@given(st.text(max_size=40) | st.from_regex(r"\A.{1,20}@[^@]{1,20}\.[a-z]{2}\Z"))
def test_an_accepted_address_is_one_line_without_smtp_or_header_syntax(text):
    try:
        address = parse_address(text)
    except InvalidMailAddress:
        return
    assert address.isprintable()
    assert not set(address) & set(' <>,;:\\"()[]')
    assert address.count("@") == 1
    assert parse_address(address) == address
