# Benchmarks; part of the Makefile.

BENCH_READY := $(STACK_READY) .tools/bench/.ready

.PHONY: bench
bench: $(BENCH_READY) .tools/bench/dynamodb/.tried ## measure against what people would use instead   [ONLY=name]
	@$(RUN) bench $$ONLY; status=$$?; .tools/bench/bin/python bench/plots.py && exit $$status

# AWS's own DynamoDB Local comes inside an npm package. Without npm or java what needs it says so.
.tools/bench/dynamodb/.tried:
	@mkdir -p $(@D)
	@if command -v npm >/dev/null && command -v java >/dev/null; then \
	  echo "Fetching DynamoDB Local into $(@D) ..." >&2; \
	  package=$$(cd $(@D) && npm pack --silent amplify-dynamodb-simulator@2.9.30) && \
	  tar -xzf "$(@D)/$$package" -C $(@D) --strip-components=2 package/emulator && \
	  rm "$(@D)/$$package" && touch $@; \
	else \
	  echo "npm and java are needed for DynamoDB Local: what needs it cannot run" >&2; \
	fi
