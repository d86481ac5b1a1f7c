// One run of `gatepost-load dns`, from the options to the report.
#pragma once

#include "storage/base/error.h"
#include "tools/load/options.h"

namespace gatepost::tools {

// SIGINT and SIGTERM end it early, with a report. Gives the exit code: 1 where nothing was
// answered or an answer was wrong.
Result<int> run_dns_load(const LoadOptions& options);

}  // namespace gatepost::tools
