// The rows of `gatepost user`, by the files that hold them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

inline constexpr OptionSpec kServiceOption = {"--service", "SERVICE…",
                                              "smtp, imap, pop3, sieve or web only (default all)"};
inline constexpr ArgumentSpec kAddressArgument = {"ADDRESS", Arity::one, "ada@example.org"};

std::vector<CommandSpec> user_change_commands();  // password, quota, role, suspend, resume, set
std::vector<CommandSpec> user_bin_commands();     // remove, undelete, purge
std::vector<CommandSpec> user_app_password_commands();
std::vector<CommandSpec> user_session_commands();  // sessions, kick

// --service, several with commas between or several times; {"*"} for all.
Result<std::vector<std::string>> services_option(const Arguments& arguments);
// Refused (usage) where it is none.
Status check_role(std::string_view role);
// ADDRESS in the form that the database holds.
Result<std::string> address_argument(const Arguments& arguments);

}  // namespace gatepost::tools
