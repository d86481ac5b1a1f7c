// One run of `gatepost-load imap`, from the options to the report.
#pragma once

#include "storage/base/error.h"
#include "tools/load/imap/imap_options.h"

namespace gatepost::tools {

// SIGINT and SIGTERM end it early, with a report. Gives the exit code: 1 where a command was
// refused or had no response, a connection was lost, or a mailbox is not as it should be.
Result<int> run_imap_load(ImapLoadOptions options);

}  // namespace gatepost::tools
