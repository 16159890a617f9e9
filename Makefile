# Every command is one line that calls start.py, where it is explained: `make help`.
# Another Python: make lab PYTHON=python3.12. More arguments: make test ARGS="-k angular".
PYTHON ?= python3
OUT ?= grading

.PHONY: help lab test test-long trax labs grade formgrader selftest site bench lock

help:
	@$(PYTHON) start.py --help

lab test test-long trax labs selftest site bench lock:
	@$(PYTHON) start.py $@ $(ARGS)

grade:
	@$(PYTHON) start.py $@ "$(or $(SUBMISSIONS),$(error say where they are: make grade SUBMISSIONS=folder OUT=folder))" --out "$(OUT)" $(ARGS)

formgrader:
	@$(PYTHON) start.py $@ "$(OUT)" $(ARGS)
