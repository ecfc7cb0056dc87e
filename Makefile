# Everything that a checkout can do. `make help` lists it; only git and make have to be there.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Every target that runs a tool does so in the environment of ./activate.
IN := . ./activate &&
LAB ?= play
LAB_PY := /usr/bin/python3 tests/lab/lab.py
TEST_SCENARIOS := bridge_network-short overlay
ALL_SCENARIOS := $(notdir $(patsubst %/molecule.yml,%,$(wildcard molecule/*/molecule.yml)))
# Linters keep one processor busy; what the scenarios' machines start from is made meanwhile.
QUICK := unit style+sanity+images
OLD_PYROUTE2 := 0.7.2 0.7.7 0.8.1
empty :=
# Each version keeps one processor busy: beside each other.
SMOKE := $(subst $(empty) $(empty),+,$(addprefix kernel-smoke-,$(OLD_PYROUTE2)))

.PHONY: help deps venv style sanity lint unit kernel kernel-full kernel-short kernel-faults kernel-smoke bench \
	bench-hosts bench-throughput bench-site faults images lab molecule-joined test test-all demo lab-up lab-start lab-down \
	build changelog constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z][a-z_%-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 28

# --- what a checkout stands on ---

deps: ## install the system packages of bindep.txt that are missing (root or sudo)
	@tools/deps.sh

venv: ## make .venv and .build, or keep them while the requirements are unchanged
	@tools/venv.sh

# --- tests; each can be run by itself ---

style: ## ruff, mypy, yamllint, shellcheck, ansible-lint, changelog and documentation
	@tools/lint.sh

sanity: ## ansible-test sanity, on a copy of what git knows
	@tools/sanity.sh

lint: style sanity ## style and sanity

unit: ## rules, as tables; touches nothing
	@tools/pytest.sh unit tests/unit

kernel: kernel-full kernel-faults kernel-smoke ## the modules on this kernel, in throw-away namespaces (root or sudo)

# One more than there are processors, up to four: each waits for something now and then.
WORKERS = $(shell n=$$(nproc) && echo $$((n < 4 ? n + 1 : 4)))
KERNEL_TESTS = -n $(WORKERS) --dist=loadfile --no-loadscope-reorder \
	--ignore=tests/integration/faults tests/integration

kernel-full:
	@tools/pytest.sh --root kernel $(KERNEL_TESTS)

# What of it takes minutes is left to `make kernel` and `make test-all`.
kernel-short:
	@tools/pytest.sh --root kernel-short -m "not long" $(KERNEL_TESTS)

# Pings while something dies, comes back or is repaired: most of their time they wait.
kernel-faults:
	@tools/pytest.sh --root kernel-faults -n 4 --dist=load tests/integration/faults

kernel-smoke: $(addprefix kernel-smoke-,$(OLD_PYROUTE2))

kernel-smoke-%:
	@echo "pyroute2 $*:"
	@PYTHONPATH=$(CURDIR)/.build/pyroute2/$* \
		tools/pytest.sh --root kernel-smoke-$* -m smoke tests/integration

bench: ## measure the module against ip -batch, a shell loop, pyroute2 and bare netlink
	@tools/bench.sh $(BENCH)

bench-hosts: ## 25 to 200 hosts in one overlay: how long until all routes are there, with and without reservations
	@tools/bench.sh hosts $(BENCH)

images: ## the images of the VMs that `make test` starts, where they are missing
	@$(LAB_PY) images --flavour warm --suite bookworm --suite trixie

lab: ## the lab itself: two at once, one interrupted, a machine that dies
	@tools/pytest.sh lab tests/lab

bench-throughput: ## measure TCP from container to container for every way of joining hosts
	@tools/bench.sh throughput $(BENCH)

bench-site: ## measure site.yml with nothing to do against fact gathering, on two VMs
	@tools/bench.sh site $(BENCH)

faults: ## write what the tests of faults measured into docs/faults.md
	@$(IN) python tools/faults.py

molecule-%: ## one Molecule scenario on its VMs, for example molecule-overlay
	@tools/molecule.sh $*

# Only what was built and what a reboot leaves, not what restarts of services do.
molecule-bridge_network-short:
	@BRIDGE_NETWORK_LEGS="built reboot" tools/molecule.sh bridge_network bridge_network-short

# Two ways each time; Open vSwitch first, because what its kernel module makes goes with a restart.
molecule-joined:
	@tools/molecule.sh joined
	@JOINED_WAYS=ovs_gre,swarm_overlay tools/molecule.sh joined

test: ## everything that has to pass: lint, unit, kernel, scenarios bridge_network and overlay
	@tools/stages.sh test deps venv $(QUICK) kernel-short kernel-faults $(SMOKE) $(addprefix molecule-,$(TEST_SCENARIOS))

test-all: ## the same with every scenario, the long tests of the kernel and the lab itself
	@tools/stages.sh test-all deps venv $(QUICK) lab kernel-full kernel-faults $(SMOKE) $(addprefix molecule-,$(ALL_SCENARIOS))

# --- to try, to play ---

demo: ## the main job: two bare VMs, site.yml on them, containers that reach each other
	@tools/demo.sh all

demo-%:
	@tools/demo.sh $*

lab-up: ## two VMs to play with (LAB=name, FLAVOUR=warm|bare)
	@tools/stages.sh lab-up deps venv lab-start

lab-start:
	@$(LAB_PY) up $(LAB) --flavour $(or $(FLAVOUR),warm) --node node1=bookworm --node node2=trixie

lab-ssh-%: ## a shell on one of them, for example lab-ssh-node1
	@$(LAB_PY) ssh $(LAB) $*

lab-down: ## stop them and throw them away
	@$(LAB_PY) down $(LAB)

# --- releasing ---

build: ## the tarball for ansible-galaxy, in .build/galaxy
	@tools/build.sh

changelog: ## CHANGELOG.md out of the fragments, as the release that galaxy.yml names
	@$(IN) antsibull-changelog release --reload-plugins

constraints: ## write constraints.txt anew from the virtual environment
	@{ sed -n 1p constraints.txt; .venv/bin/pip freeze --local; } >.build/constraints.txt
	@mv .build/constraints.txt constraints.txt

clean: ## remove what make made here (not the cache with the VM images)
	rm -rf .venv .build .ansible .ruff_cache .mypy_cache .pytest_cache
