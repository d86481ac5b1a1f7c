// The verbs of `gatepost cert` that have files of their own.
#pragma once

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

CommandSpec cert_import_command();
CommandSpec cert_self_signed_command();
CommandSpec cert_export_command();

}  // namespace gatepost::tools
