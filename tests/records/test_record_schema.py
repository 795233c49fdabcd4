from negosim.records import dialogue_schema


def test_fields_are_described_by_the_text_below_them_in_the_source() -> None:
    schema = dialogue_schema()
    call, turn = schema["$defs"]["Call"]["properties"], schema["$defs"]["Turn"]["properties"]
    assert turn["chosen"]["description"] == "Position in `rollouts` of the winner."
    assert call["usd"]["description"] == "None where the model's price is not known."  # of its base
    assert call["turn"]["description"].startswith("The turn it was made for")
    assert "description" not in turn["reflection"]
