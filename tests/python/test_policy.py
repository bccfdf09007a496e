"""What policies and configurations answer, against the tool where that answers too."""

import datetime
import json
import pickle

import flowrules
import pytest
from conftest import AS_OF, ROOT
from flowrules import Policy

TEXT = """\
flowrules: 1
title: Two flows
protects: [server]
networks:
  server: [192.0.2.10]
  office: [198.51.100.0/24]
flows:
  - {name: web, source: any, destination: server, protocol: tcp, port: 443, tags: [a, b]}
  - name: ssh
    source: office
    destination: server
    protocol: tcp
    port: 22
    owner: operations
    expires: 2026-12-24
targets:
  nft: {backend: nftables, direction: ingress}
  asa: {backend: cisco-asa, direction: ingress, interface: outside}
"""


@pytest.fixture
def policy():
    with Policy.loads(TEXT, "made.yaml", as_of=AS_OF) as loaded:
        yield loaded


@pytest.fixture
def kimi():
    with Policy.load("examples/kimi-k2.yaml", as_of=AS_OF) as loaded:
        yield loaded


# ---- reading


def test_a_policy_tells_its_parts(policy):
    assert policy.title == "Two flows"
    assert [flow.name for flow in policy.flows] == ["web", "ssh"]
    web, ssh = policy.flows
    assert (web.action, web.tags, web.owner, web.expires) == ("allow", ("a", "b"), None, None)
    assert (ssh.owner, ssh.expires) == ("operations", datetime.date(2026, 12, 24))
    assert not ssh.expired
    assert policy.targets == (("nft", "nftables"), ("asa", "cisco-asa"))
    assert policy.diagnostics == ()
    assert repr(policy) == "<Policy 'Two flows': 2 flows, 2 targets>"


def test_as_of_is_a_date_or_a_text():
    for day in (datetime.date(2027, 1, 1), "2027-01-01"):
        assert [flow.expired for flow in Policy.loads(TEXT, as_of=day).flows] == [False, True]


def test_as_of_is_today_unless_it_is_given():
    day = datetime.date.today()
    for days, expired in ((-1, True), (0, False)):
        last = day + datetime.timedelta(days=days)
        policy = Policy.loads(TEXT.replace("2026-12-24", last.isoformat()))
        assert policy.flows[1].expired is expired


def test_a_policy_from_bytes_and_from_a_path(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT)
    loaded, made = Policy.load(path, as_of=AS_OF).flows, Policy.loads(TEXT.encode(), as_of=AS_OF).flows
    assert [flow._replace(file=str(path)) for flow in made] == list(loaded)
    lines = TEXT.splitlines()
    assert all(flow.name in lines[flow.line - 1] for flow in loaded)


def test_a_path_that_is_not_unicode(tmp_path):
    path = str(tmp_path / "p\udcff.yaml")
    with open(path, "w") as file:
        file.write("flowrules: 1\n")
    with pytest.raises(flowrules.InvalidPolicy) as caught:
        Policy.load(path)
    assert caught.value.diagnostics[0].file == path.replace("\udcff", r"\xFF")


def test_a_text_with_nul_is_not_cut(policy):
    with pytest.raises(flowrules.InvalidPolicy):
        Policy.loads(TEXT + "\0#")
    for call in (policy.query, policy.render, policy.explain):
        with pytest.raises(ValueError, match="NUL"):
            call("nft\0x")


def test_the_lock_is_a_path_or_none(kimi):
    assert kimi.render("node-nft").files
    without = Policy.load("examples/kimi-k2.yaml", as_of=AS_OF, lock=False)
    with pytest.raises(flowrules.Refused, match="FR0402"):
        without.render("node-nft")
    named = Policy.load("examples/kimi-k2.yaml", as_of=AS_OF, lock="examples/kimi-k2.yaml.lock")
    assert named.render("node-nft") == kimi.render("node-nft")


def test_warnings_and_notes_are_with_what_they_are_about():
    old = Policy.load("examples/kimi-k2.yaml", as_of="2027-11-23", max_age=30)
    told = [each.severity for each in old.render("node-nft").diagnostics]
    assert "warning" in told and "error" not in told
    policy = Policy.loads(TEXT, "made.yaml", as_of="2027-01-01")
    assert [each.severity for each in policy.diagnostics] == ["warning"]
    assert str(policy.diagnostics[0]).startswith("made.yaml:9:11: warning: flow 'ssh' expired on")
    assert [each.id for each in policy.render("nft").diagnostics] == ["FR0518"]


# ---- exceptions


def test_an_invalid_policy_tells_every_error():
    with pytest.raises(flowrules.InvalidPolicy) as caught:
        Policy.loads(TEXT.replace("port: 22", "prt: 22"), "made.yaml", as_of=AS_OF)
    error = caught.value
    assert isinstance(error, (flowrules.FlowrulesError, ValueError))
    first = error.diagnostics[-1]
    assert (first.severity, first.file, first.line, first.column) == ("error", "made.yaml", 13, 5)
    assert first.message == "a flow has no key 'prt'" and first.id == "FR0201"
    assert first.hint.startswith("did you mean 'port'") or "port" in first.hint
    assert first.source == "    prt: 22" and first.length == 3
    assert f"made.yaml:13:5: error: {first.message} [FR0201]\n    hint: " in str(error)


def test_a_refusal_tells_flow_and_target():
    text = TEXT.replace("nft: {backend: nftables", "nft: {backend: kubernetes")
    text = text.replace("port: 22\n", "port: 22\n    log: true\n")
    with pytest.raises(flowrules.Refused) as caught:
        Policy.loads(text, as_of=AS_OF).render("nft")
    assert {(each.flow, each.target) for each in caught.value.diagnostics} >= {("ssh", "nft")}
    with pytest.raises(flowrules.Refused):
        Policy.loads(text, as_of=AS_OF).check()


def test_each_failure_has_its_exception(policy):
    with pytest.raises(flowrules.UsageError, match="no-such"):
        policy.render("no-such")
    with pytest.raises(ValueError, match="no-such"):
        Policy.loads(TEXT, no_such=1)
    with pytest.raises(flowrules.UsageError):
        Policy.loads(TEXT, as_of="yesterday")
    with pytest.raises(OSError, match="No such file"):
        Policy.load("no-such.yaml")
    with pytest.raises(flowrules.Unreadable, match="no-such.nft"):
        policy.verify("nft", "no-such.nft")
    with pytest.raises(flowrules.InvalidConfiguration) as caught:
        policy.verify("nft", flowrules.File("x.nft", b"table inet {", False))
    assert caught.value.diagnostics[0].file == "x.nft"


def test_a_failure_leaves_nothing_behind(policy):
    with pytest.raises(flowrules.UsageError):
        policy.render("no-such")
    assert [each.id for each in policy.render("nft").diagnostics] == ["FR0518"]


def test_exceptions_can_be_pickled():
    with pytest.raises(flowrules.FlowrulesError) as caught:
        Policy.load("no-such.yaml")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is flowrules.Unreadable and again.diagnostics == caught.value.diagnostics


# ---- targets


def test_it_renders_the_bytes_of_the_tool(kimi, tool, tmp_path):
    for target in kimi.targets:
        status, _ = tool(
            "render", "examples/kimi-k2.yaml", "--as-of", AS_OF, "-t", target.name,
            "-o", str(tmp_path / "tool"),
        )
        assert status == 0
        for path in kimi.render(target.name).write(tmp_path / "python"):
            same = tmp_path / "tool" / path.name
            assert path.read_bytes() == same.read_bytes()
            assert path.stat().st_mode & 0o111 == same.stat().st_mode & 0o111
    assert len(list((tmp_path / "python").iterdir())) >= len(kimi.targets)


def test_an_artifact_has_files_and_a_map(policy):
    artifact = policy.render("nft")
    file, script = artifact.files
    assert file.name == "nft.nft" and not file.executable
    assert script.name == "nft.apply.sh" and script.executable
    assert file.data.decode() == file.text and artifact.file("nft.nft") is file
    with pytest.raises(KeyError):
        artifact.file("other")
    rule = next(rule for rule in artifact.map["rules"] if rule["flows"] == ["ssh"])
    assert 'comment "ssh' in file.text.splitlines()[rule["line"] - 1]
    scripts = Policy.load("examples/first.yaml").render("web-ipt:script").files
    assert [file.executable for file in scripts] == [True]


def test_a_file_of_many_blocks_is_whole(tool, tmp_path):
    flows = "".join(
        f"  - {{name: f{i}, source: 10.{i // 250}.{i % 250}.0/24, destination: server,"
        f" protocol: tcp, port: {1000 + i}}}\n"
        for i in range(3000)
    )
    path = tmp_path / "many.yaml"
    path.write_text(TEXT.replace("targets:", flows + "targets:"))
    status, printed = tool("render", str(path), "-t", "asa", "--no-map", "--as-of", AS_OF)
    assert status == 0
    assert Policy.load(path, as_of=AS_OF).render("asa").files[0].data == printed


def test_it_explains_as_the_tool(kimi, tool):
    _, printed = tool("explain", "--json", "examples/kimi-k2.yaml", "--as-of", AS_OF)
    rows = [row for row in _rows(json.loads(printed)["flows"])]
    told = [(row.flow, row.target, row.fidelity, row.reason, row.baseline) for row in kimi.explain()]
    assert told == rows
    alone = kimi.explain("node-nft")
    assert {row.target for row in alone} == {"node-nft"} and len(alone) == len(kimi.flows)


def _rows(told):
    if isinstance(told, list):
        for each in told:
            yield from _rows(each)
    elif isinstance(told, dict):
        if "fidelity" in told:
            texts = told.get("reason"), told.get("baseline")
            yield (told["flow"], told["target"], told["fidelity"], *texts)
        for each in told.values():
            yield from _rows(each)


def test_check(policy, kimi):
    assert all(each.severity != "error" for each in policy.check() + kimi.check())


def test_query(policy):
    answer = policy.query("tcp 198.51.100.7 -> server:22", "nft")
    assert (answer.verdict, answer.reason) == ("allowed", "every packet of the question is allowed")
    assert answer.flows == (("ssh", "allow", "made.yaml", 9),)
    (rule,) = answer.rules
    assert (rule.target, rule.flow, rule.file) == ("nft", "ssh", "nft.nft")
    assert policy.query("tcp 203.0.113.9 -> server:22").verdict == "denied"
    assert policy.query("tcp 198.51.0.0/16 -> server:22").verdict == "partly"
    with pytest.raises(flowrules.FlowrulesError):
        policy.query("what?")


def test_lint(policy, tool, tmp_path):
    found = policy.lint()
    (tmp_path / "made.yaml").write_text(TEXT)
    status, printed = tool("lint", str(tmp_path / "made.yaml"), "--json", "--as-of", AS_OF)
    told = json.loads(printed)
    assert status == 1
    assert [each.id for each in found.findings] == [each["id"] for each in told["findings"]]
    public = next(each for each in found.findings if each.id == "FL0305")
    assert (public.severity, public.file, public.line, public.flow) == ("warning", "made.yaml", 8, "web")
    assert (public.target, public.reason) == (None, None)
    assert public in found.open
    accepted = TEXT.replace("tags: [a, b]", 'tags: [a, b], lint: {FL0305: "a shop"}')
    with Policy.loads(accepted, as_of=AS_OF) as other:
        (accepted,) = [each for each in other.lint().findings if each.reason]
    assert (accepted.id, accepted.reason) == ("FL0305", "a shop")


ASSERTIONS = """\
flowrules: 1
assertions:
  - {name: no-ssh, never: {source: any, destination: 192.0.2.10, protocol: tcp, port: 22}, because: rules}
  - {must: {source: any, destination: 192.0.2.10, protocol: tcp, port: 443}}
"""


def test_assertions(policy, tmp_path):
    path = tmp_path / "security.yaml"
    path.write_text(ASSERTIONS)
    for source in (path, flowrules.File("security.yaml", ASSERTIONS.encode(), False)):
        answer = policy.assertions(source)
        broken, holds = answer.assertions
        assert (broken.id, broken.kind, broken.verdict, broken.because) == ("no-ssh", "never", "broken", "rules")
        assert (broken.line, broken.has_more, broken.file.endswith("security.yaml")) == (3, False, True)
        (finding,) = broken.findings
        assert finding == ("broken", "tcp 198.51.100.0 -> 192.0.2.10:22", "a flow lets it pass",
                           None, None, "ssh", "made.yaml", 9, None, None, ())
        assert (holds.id, holds.verdict, holds.findings) == ("must-2", "holds", ())
        assert (answer.verdict, answer.diagnostics) == ("broken", ())
    assert policy.assertions().verdict == "holds"
    with pytest.raises(flowrules.InvalidPolicy):
        policy.assertions(flowrules.File("wrong.yaml", b"flowrules: 2", False))


def test_report(policy, tool, tmp_path):
    """The files of the tool, and the same data."""
    (tmp_path / "made.yaml").write_text(TEXT)
    security = tmp_path / "security.yaml"
    security.write_text(ASSERTIONS)
    arguments = "report", str(tmp_path / "made.yaml"), "--as-of", AS_OF, "--assertions", str(security)
    status, printed = tool(*arguments, "--json")
    made = policy.report(security)
    assert status == 0
    assert [file.name for file in made.files] == ["report.html", "report.md", "report.csv", "report.json"]
    data, told = json.loads(made.file("report.json").text), json.loads(printed)
    assert [flow["name"] for flow in data["flows"]] == [flow.name for flow in policy.flows]
    assert [(each["id"], each["verdict"]) for each in data["assertions"]] == \
        [("no-ssh", "broken"), ("must-2", "holds")]
    for key in ("ends", "targets", "rules", "reasons", "findings"):
        strip = lambda text: json.dumps(text).replace(str(tmp_path) + "/", "")
        assert strip(data[key]) == strip(told[key])
    assert policy.report().file("report.html").text.startswith("<!doctype html>")
    with pytest.raises(flowrules.InvalidPolicy):
        policy.report(flowrules.File("wrong.yaml", b"flowrules: 2", False))


DEVICES_IN_A_ROW = """\
flowrules: 1
flows:
  - {name: web, source: any, destination: 192.0.2.10, protocol: tcp, port: [22, 443]}
targets:
  core: {backend: nftables, hook: forward}
  edge: {backend: iptables, hook: forward}
"""


def test_assertions_about_what_runs():
    source = flowrules.File("security.yaml", ASSERTIONS.encode(), False)
    with Policy.loads(DEVICES_IN_A_ROW, "made.yaml", as_of=AS_OF) as policy:
        core = flowrules.Configuration("core", policy.render("core"))
        edge = flowrules.Configuration("edge", policy.render("edge"))
        broken, holds = policy.assertions(source, running=core).assertions
        (finding,) = broken.findings
        assert (broken.verdict, holds.verdict) == ("broken", "holds")
        assert (finding.reason, finding.flow, finding.file) == ("a rule lets it pass", None, "core.nft")
        assert (finding.enters, finding.leaves, finding.devices) == (None, None, ())
        answer = policy.assertions(source, running=[edge, core])
        (finding,) = answer.assertions[0].findings
        assert [device.file for device in finding.devices] == ["edge.v4.rules", "core.nft"]
        assert finding.devices[1] == ("core.nft", finding.file, finding.line)
        blocked = flowrules.Configuration("core", flowrules.File(
            "core.nft", b"table inet f { chain c { type filter hook forward priority 0; policy drop; } }", False))
        assert policy.assertions(source, running=[edge, blocked]).assertions[0].verdict == "holds"
        assert policy.assertions(source, running=blocked).verdict == "broken"


def test_layout():
    messy = "flowrules:  1\nflows:\n- {source: any, name: 'a', destination: 192.0.2.1, service: any}  # x\n"
    neat = "flowrules: 1\nflows:\n  - {name: a, source: any, destination: 192.0.2.1, service: any}  # x\n"
    assert flowrules.lay_out(messy) == flowrules.lay_out(neat.encode()) == neat
    with pytest.raises(flowrules.InvalidPolicy, match="in.yaml"):
        flowrules.lay_out("flows: [", "in.yaml")
    with pytest.raises(flowrules.Refused):
        flowrules.lay_out('title: "\u2028"\n')


def test_a_verdict_is_no_yes_or_no(policy):
    for result in (policy.query("tcp 198.51.100.7 -> server:22"), policy.diff(policy), policy.assertions()):
        with pytest.raises(TypeError, match="verdict"):
            bool(result)


def test_probe(policy, tool, tmp_path):
    path = tmp_path / "made.yaml"
    path.write_text(TEXT)
    told = ("--from", "office", "--flow", "ssh", "--flow", "web", "--as-of", AS_OF)
    _, printed = tool("probe", str(path), *told)
    (file,) = policy.probe(from_="office", flow=["ssh", "web"]).files
    assert file.data == printed and file.executable
    with pytest.raises(flowrules.UsageError):
        policy.probe(no_such=1)


# ---- comparing


def test_verify(policy, tmp_path):
    artifact = policy.render("nft")
    path, _ = artifact.write(tmp_path)
    file = artifact.files[0]
    for source in (artifact, file, path, str(path)):
        assert policy.verify("nft", source).equal
    wrong = file._replace(data=file.data.replace(b"dport 22", b"dport 23"))
    comparison = policy.verify("nft", wrong)
    assert comparison.verdict == "different" and not comparison.equal
    passes, lacks = sorted(comparison.differences)
    assert (passes.change, passes.service, passes.before.flow) == ("allowed", "tcp/23", None)
    assert passes.after.file == "nft.nft" and b"dport 23" in wrong.data.splitlines()[
        passes.after.line - 1
    ]
    assert (lacks.change, lacks.before.flow) == ("denied", "ssh")
    assert policy.query(passes.witness).verdict == "denied"
    with pytest.raises(TypeError, match="at least one file"):
        policy.verify("nft")


def test_verify_tells_what_it_does_not_understand(policy):
    file = policy.render("nft").files[0]
    odd = file._replace(data=file.data.replace(b"tcp dport 443", b"osf name Linux tcp dport 443"))
    comparison = policy.verify("nft", odd)
    assert comparison.doubts and all(doubt.after for doubt in comparison.doubts)
    assert comparison.doubts[0].file == "nft.nft" and comparison.doubts[0].line > 0


def test_usage(policy):
    data = policy.render("nft").files[0].data.replace(b" counter ", b" counter packets 2 bytes 120 ", 1)
    data = data.replace(b" counter accept", b" counter packets 0 bytes 0 accept")
    dump = policy.render("nft").files[0]._replace(name="dump.nft", data=data)
    first = policy.usage("nft", dump)
    assert first.verdict == "equal" and not first.diagnostics
    used = [row for row in first.flows if row.state == "used"]
    assert used and all((row.packets, row.bytes, row.last) == (2, 120, AS_OF) for row in used)
    again = policy.usage("nft", dump, history=first.record + "\n")
    assert again.flows == first.flows and again.record == first.record
    with pytest.raises(flowrules.InvalidConfiguration, match="no record"):
        policy.usage("nft", dump, history="{}")
    with pytest.raises(flowrules.InvalidConfiguration, match="have no counters"):
        policy.usage("nft", policy.render("nft"))


def test_diff_of_policies(policy):
    other = Policy.loads(TEXT.replace("port: 443", "port: [443, 8443]"), as_of=AS_OF)
    for target in (None, "nft"):
        (difference,) = policy.diff(other, target).differences
        assert (difference.change, difference.service) == ("allowed", "tcp/8443")
        (difference,) = other.diff(policy, target).differences
        assert (difference.change, difference.before.flow) == ("denied", "web")
    assert policy.diff(policy).equal


def test_flows_that_changed(policy):
    assert policy.flow_changes(policy) == ()
    other = Policy.loads(TEXT.replace("name: ssh", "name: login").replace("port: 443", "port: 8443"), as_of=AS_OF)
    web, login = policy.flow_changes(other)
    assert (web.kind, web.before, web.text) == ("changed", "web", "service: tcp/443 -> tcp/8443")
    assert (login.kind, login.before, login.after) == ("renamed", "ssh", "login")
    new, gone = policy.flow_changes(Policy.loads(TEXT.replace("name: web", "name: shop").replace("port: 443", "port: 1")))
    assert (new.kind, new.before, new.after) == ("added", None, "shop")
    assert (gone.kind, gone.before, gone.after) == ("removed", "web", None)
    (difference,) = policy.diff(Policy.loads(TEXT.replace("port: 443", "port: [443, 8443]"), as_of=AS_OF)).differences
    assert difference.width >= 1


def test_what_a_number_means():
    assert flowrules.message("FL0101").meaning.startswith("Another flow")
    assert flowrules.message("FR9999") is None


def test_diff_of_a_policy_and_a_configuration(policy):
    asa = policy.render("asa")
    running = flowrules.Configuration("cisco-asa", asa)
    assert policy.diff(running, "asa").equal
    elsewhere = flowrules.Configuration("cisco-asa", asa, settings={"interface": "elsewhere"})
    with pytest.raises(flowrules.InvalidConfiguration, match="in interface elsewhere"):
        policy.diff(elsewhere)
    told = flowrules.Configuration("cisco-asa", asa, settings={"interface": "outside"})
    assert policy.verify("asa", asa, settings={"interface": "outside"}).equal
    assert flowrules.diff_configs(told, told, as_of=AS_OF).equal
    late = flowrules.diff_configs(told, told, as_of="2027-01-01")
    assert late.equal and "is not active" in late.diagnostics[0].message
    assert repr(told) == "Configuration('cisco-asa', 1 files)"
    with pytest.raises(flowrules.UsageError):
        wrong = flowrules.Configuration("cisco-asa", asa, settings={"no-such": "1"})
        flowrules.diff_configs(wrong, wrong)


ROW = """\
flowrules: 1
networks:
  office: {members: [10.1.0.0/16], nftables: {interface: eth0}}
  dmz: {members: [192.0.2.0/24], nftables: {interface: eth1}}
flows:
  - {name: web, source: office, destination: dmz, protocol: tcp, port: 443}
targets:
  front: {backend: cisco-asa, interface: inside}
  back: {backend: nftables, hook: forward}
"""


def test_devices_in_a_row():
    policy = Policy.loads(ROW, as_of=AS_OF)
    front = flowrules.Configuration("front", policy.render("front"))
    file = policy.render("back").files[0]
    wide = file._replace(data=file.data.replace(b"tcp dport 443 ", b""))

    def row(back, **places):
        return flowrules.Path(front, flowrules.Hop(flowrules.Configuration("back", back), **places))

    assert policy.verify_path(row(file, enters="eth0", leaves="eth1")).equal
    # The rest is blocked before it gets there.
    assert wide.data != file.data
    assert policy.verify_path(row(wide, enters="eth0", leaves="eth1")).equal
    assert not policy.verify("back", wide).equal
    assert policy.verify_path(row(file)).verdict == "unknown"
    with pytest.raises(flowrules.UsageError):
        policy.verify_path(row(file, hook="sideways"))
    with pytest.raises(TypeError, match="at least two devices"):
        flowrules.Path(front)
    assert repr(row(file)) == "Path(front, back)"


def test_diff_of_devices_in_a_row():
    policy = Policy.loads(ROW, as_of=AS_OF)
    asa = flowrules.Configuration("cisco-asa", policy.render("front"))
    router = flowrules.Configuration("nftables", policy.render("back"))
    row = flowrules.Path(asa, flowrules.Hop(router, "eth0", "eth1", "forward"))
    assert flowrules.diff_configs(row, row, as_of=AS_OF).equal
    assert flowrules.diff_configs(asa, row, as_of=AS_OF).equal
    assert {d.change for d in policy.diff(row).differences} == {"allowed"}  # the baseline


def test_import(policy):
    artifact = policy.render("nft")
    for files in (artifact, artifact.files, artifact.files[0]):
        imported = flowrules.import_config("nftables", files)
        assert imported.complete and imported.text.startswith("flowrules: 1\n")
    again = Policy.loads(imported.text, as_of=AS_OF)
    assert again.diff(flowrules.Configuration("nftables", artifact), "nftables").equal
    odd = artifact.files[0]._replace(
        data=artifact.files[0].data.replace(b"tcp dport 443", b"osf name Linux tcp dport 443")
    )
    partial = flowrules.import_config("nftables", odd, protects=["192.0.2.10"])
    assert not partial.complete and partial.diagnostics
    with pytest.raises(flowrules.UsageError):
        flowrules.import_config("no-such", artifact)


def test_import_request(tmp_path):
    sheet = flowrules.File("request.csv", b"Source;Destination;Service\n10.0.0.1;192.0.2.1;tcp/443\n", False)
    asked = flowrules.import_request("csv", sheet)
    assert asked.complete and '"Source": source # English' in asked.mapping
    assert len(Policy.loads(asked.text, as_of=AS_OF).flows) == 1
    mapping, path = tmp_path / "map.yaml", tmp_path / "request.csv"
    mapping.write_text(asked.mapping, encoding="utf-8")
    path.write_bytes(sheet.data + b"office;192.0.2.1;tcp/80\n")
    again = flowrules.import_request("csv", [path], mapping=mapping)
    assert again.mapping is None and not again.complete and again.diagnostics[0].id == "FR0905"
    with pytest.raises(flowrules.InvalidPolicy):
        flowrules.import_request("csv", flowrules.File("empty.csv", b"", False))
    with pytest.raises(flowrules.UsageError):
        flowrules.import_request("no-such", sheet)


# ---- what the library knows


def test_backends_are_those_of_the_tool(tool):
    told = json.loads(tool("targets", "--json")[1])["backends"]
    known = flowrules.backends()
    assert [(each.name, each.title) for each in known] == [(b["name"], b["title"]) for b in told]
    nftables = next(each for each in known if each.name == "nftables")
    assert [fact.name for fact in nftables.formats] == ["nft", "butane", "machineconfig", "nixos", "ansible"]
    assert {"hook", "direction"} & {fact.name for fact in nftables.settings}
    assert all(fact.help for fact in nftables.capabilities)


def test_the_schema_is_that_of_the_tool(tool):
    assert flowrules.schema() == json.loads(tool("schema")[1])
    assert flowrules.schema(included=True) != flowrules.schema()
    assert flowrules.schema(assertions=True) == json.loads(tool("schema", "--assertions")[1])


def test_examples_are_all_read():
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        if "\nflows:" in path.read_text():
            assert Policy.load(path, as_of=AS_OF).flows
