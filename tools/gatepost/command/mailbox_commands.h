// The rows of `gatepost mailbox` that are in files of their own.
#pragma once

#include <string>
#include <vector>

#include "controlplane/model/stored_message.h"
#include "storage/base/error.h"
#include "storage/message_log/body_file.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

std::vector<CommandSpec> mailbox_export_commands();
std::vector<CommandSpec> mailbox_import_commands();
std::vector<CommandSpec> mailbox_share_commands();

// `mailbox import --imap`.
Result<int> import_from_imap(Context& context, const Arguments& arguments,
                             const std::string& address);

// MAILBOX (or another argument) as a mailbox's name; "" where it was not given.
Result<std::string> mailbox_argument(const Arguments& arguments, std::string_view name);

// The octets of a message. Where they have moved since `message` was read, the place is looked up
// once more.
Result<std::string> stored_octets(controlplane::Connection& connection,
                                  const storage::MessageFolder& folder,
                                  controlplane::StoredMessage& message);

}  // namespace gatepost::tools
