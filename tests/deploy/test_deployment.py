"""deploy/: the files agree with each other, with the pins, and with the flags and routes of `tailwise serve`."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from support.dockerfile import TEXT, install, named_files, of
from tailwise.cli.main import parser
from tailwise.cli.serve import LAST_S
from tailwise.core.stage.requirements import pinned

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf8"))
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text(encoding="utf8"))
DEPLOYMENT, SERVICE = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf8"))
SERVER, POD = COMPOSE["services"]["server"], DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
TAG = re.compile(r":v?\d+\.\d+\.\d+[\w.-]*$")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]["version"]


def probes() -> list[dict]:
    return [CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")]


def routes() -> set[str]:
    from tailwise.serve.app import make_app
    from tailwise.serve.figures import Figures
    from tailwise.serve.limits import Limits

    app = make_app(None, {}, Limits(), Figures())  # pyright: ignore[reportArgumentType]
    return {"/metrics", *app.openapi()["paths"]}


def test_base_images_have_exact_tags():
    images = [line.split("=")[1] for line in of("ARG") if line.startswith("PYTHON_IMAGE")]
    images += [COMPOSE["services"]["prometheus"]["image"]]
    assert images and all(TAG.search(image) for image in images)
    assert [line.split()[0] for line in of("FROM")] == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]


def test_the_image_has_the_version_of_the_package():
    assert SERVER["image"] == CONTAINER["image"] == f"tailwise-serve:{VERSION}"
    page = (ROOT / "docs/deployment.md").read_text(encoding="utf8") + TEXT
    assert set(re.findall(r"tailwise-serve:[\w.]+", page)) == {f"tailwise-serve:{VERSION}"}


def test_the_base_image_has_a_python_that_tailwise_takes():
    found = re.search(r"python:(\d+)\.(\d+)\.\d+-", TEXT)
    assert found and (int(found[1]), int(found[2])) >= (3, 11)


@pytest.mark.parametrize("name", [*named_files(install()), "deploy/runtime-cuda.txt"])
def test_the_install_lines_name_files_that_exist_and_pin_exactly(name):
    text = (ROOT / name).read_text(encoding="utf8")
    lines = [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]
    assert lines and all(re.fullmatch(r"[\w.\[\],-]+==[\w.]+", line) for line in lines)


def test_the_packages_are_held_by_the_constraints():
    assert "constraints.txt" in named_files(install())
    export = pinned((ROOT / "requirements-export.txt").read_text(encoding="utf8"))
    assert pinned((DEPLOY / "runtime-cpu.txt").read_text(encoding="utf8"))["onnxruntime"] == export["onnxruntime"]


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder():
    sources = [word for line in of("COPY") if "--from" not in line for word in line.split()[:-1]]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in sources:
        assert list(ROOT.glob(source)), source
        assert source.split("/")[0] in kept, source


def test_the_image_runs_without_root_and_without_rights():
    user = of("USER")[-1].split(":")[0]
    assert int(user) > 0
    assert SERVER["read_only"] and SERVER["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVER["security_opt"] and SERVER["volumes"][0].endswith(":/model:ro")
    inner, outer = CONTAINER["securityContext"], POD["securityContext"]
    assert inner["readOnlyRootFilesystem"] and inner["capabilities"] == {"drop": ["ALL"]}
    assert inner["allowPrivilegeEscalation"] is False
    assert outer["runAsNonRoot"] and outer["runAsUser"] == int(user)


def test_what_is_read_only_has_a_place_for_the_files_of_requests():
    assert SERVER["tmpfs"][0].startswith("/tmp:") and "HOME=/tmp" in of("ENV")[0]
    mounts = {mount["mountPath"]: mount for mount in CONTAINER["volumeMounts"]}
    assert mounts["/model"]["readOnly"] and not mounts["/tmp"].get("readOnly")
    assert {mount["name"] for mount in mounts.values()} == {volume["name"] for volume in POD["volumes"]}


@pytest.mark.parametrize(
    "arguments", [json.loads(of("CMD")[-1]), SERVER["command"], CONTAINER["args"]], ids=["image", "compose", "cluster"]
)
def test_the_server_takes_the_arguments_and_other_machines_reach_it(arguments):
    args = parser().parse_args(["serve", *arguments])
    assert (args.host, args.port, str(args.model)) == ("0.0.0.0", 8000, "/model")
    assert json.loads(of("ENTRYPOINT")[0]) == ["python3", "-m", "tailwise", "serve"]


def test_ports_agree():
    (port,) = CONTAINER["ports"]
    assert of("EXPOSE") == [str(port["containerPort"])] == ["8000"]
    assert SERVER["ports"][0].endswith(":8000") and PROMETHEUS["scrape_configs"][0]["static_configs"] == [
        {"targets": ["server:8000"]}
    ]
    assert SERVICE["spec"]["ports"][0]["targetPort"] == port["name"] == probes()[0]["port"]
    assert DEPLOYMENT["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] == "8000"


def test_selectors_agree():
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert labels == DEPLOYMENT["spec"]["selector"]["matchLabels"] == SERVICE["spec"]["selector"]


def test_paths_are_routes_of_the_server():
    for needed in ("fastapi", "python_multipart", "prometheus_client"):
        pytest.importorskip(needed, reason="needs requirements-serve.txt")
    found = {probe["path"] for probe in probes()} | {PROMETHEUS["scrape_configs"][0]["metrics_path"]}
    found |= set(re.findall(r"127\.0\.0\.1:8000(/\w+)", TEXT))
    found |= {DEPLOYMENT["spec"]["template"]["metadata"]["annotations"]["prometheus.io/path"]}
    assert found == {"/health", "/metrics"} and found <= routes()


def test_requests_are_answered_before_the_server_is_killed():
    before = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] > before + LAST_S
    assert int(SERVER["stop_grace_period"].rstrip("s")) > LAST_S and of("STOPSIGNAL") == ["SIGTERM"]


def test_the_files_of_requests_fit_below_the_memory_limit():
    assert POD["volumes"][1]["emptyDir"]["sizeLimit"] == "1Gi" and "size=1g" in SERVER["tmpfs"][0]
    assert CONTAINER["resources"]["limits"]["memory"] == "4Gi" and SERVER["mem_limit"] == "4g"
