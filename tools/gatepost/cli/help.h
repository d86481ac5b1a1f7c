// The help texts, made from the table of commands.
#pragma once

#include <string>
#include <string_view>

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

std::string main_help();
std::string noun_help(std::string_view noun);
std::string command_help(const CommandSpec& command);
std::string options_help();
std::string version_text();

}  // namespace gatepost::tools
