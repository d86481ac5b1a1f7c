// The rows of the table of commands, a function per noun; each is in the file that is named after
// the noun.
#pragma once

#include <vector>

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

std::vector<CommandSpec> alias_commands();
std::vector<CommandSpec> audit_commands();
std::vector<CommandSpec> cert_commands();
std::vector<CommandSpec> compat_commands();
std::vector<CommandSpec> config_commands();
std::vector<CommandSpec> cookie_commands();
std::vector<CommandSpec> dnslist_commands();
std::vector<CommandSpec> domain_commands();
std::vector<CommandSpec> explain_commands();
std::vector<CommandSpec> filter_commands();
std::vector<CommandSpec> history_commands();
std::vector<CommandSpec> lookup_commands();
std::vector<CommandSpec> mail_import_commands();
std::vector<CommandSpec> mailbox_commands();
std::vector<CommandSpec> message_commands();
std::vector<CommandSpec> nic_commands();
std::vector<CommandSpec> policy_commands();
std::vector<CommandSpec> query_commands();
std::vector<CommandSpec> queue_commands();
std::vector<CommandSpec> record_commands();
std::vector<CommandSpec> redirect_commands();
std::vector<CommandSpec> rules_commands();
std::vector<CommandSpec> run_commands();
std::vector<CommandSpec> reload_commands();
std::vector<CommandSpec> schema_commands();
std::vector<CommandSpec> status_commands();
std::vector<CommandSpec> store_commands();
std::vector<CommandSpec> sync_commands();
std::vector<CommandSpec> user_commands();
std::vector<CommandSpec> zone_commands();

}  // namespace gatepost::tools
