// One run of `gatepost-load smtp`, from the options to the report.
#pragma once

#include "storage/base/error.h"
#include "tools/load/mail/smtp_options.h"

namespace gatepost::tools {

// SIGINT and SIGTERM end it early, with a report. Gives the exit code: 1 where nothing was
// accepted, or a message was not, or the server went away.
Result<int> run_smtp_load(SmtpLoadOptions options);

}  // namespace gatepost::tools
