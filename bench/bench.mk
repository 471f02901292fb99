# Included by the Makefile.

## Benchmarks

BENCH_READY := $(STACK_READY) .tools/bench/.ready

.PHONY: bench
bench: $(BENCH_READY) .tools/bench/dynamodb/.tried ## run the benchmarks against alternatives   [ONLY=topic]
	@$(RUN) bench $$ONLY; status=$$?; .tools/bench/bin/python bench/plots.py && exit $$status

# AWS's own DynamoDB Local, from an npm package. Without npm or java, the benchmarks that need it report that they cannot run.
.tools/bench/dynamodb/.tried:
	@mkdir -p $(@D)
	@if command -v npm >/dev/null && command -v java >/dev/null; then \
	  echo "Fetching DynamoDB Local into $(@D) ..." >&2; \
	  package=$$(cd $(@D) && npm pack --silent amplify-dynamodb-simulator@2.9.30) && \
	  tar -xzf "$(@D)/$$package" -C $(@D) --strip-components=2 package/emulator && \
	  rm "$(@D)/$$package" && touch $@; \
	else \
	  echo "DynamoDB Local needs npm and java; the benchmarks and tests on it cannot run" >&2; \
	fi
