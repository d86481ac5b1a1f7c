// What the commands under the names of other systems share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/account.h"
#include "controlplane/model/write.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

// WORD…: the command, and what stands behind it.
struct CompatCall {
    const Arguments& arguments;
    std::string command;  // "" where nothing was said
    std::vector<std::string> words;
    controlplane::WriteOptions options;
};
Result<CompatCall> compat_call(const Context& context, const Arguments& arguments);

// Once, and to a person at a terminal only.
void say_new_spelling(const Context& context, std::string_view spelling);
// Those systems take passwords as arguments, where every user of the host can read them.
void warn_of_argv(const Context& context);

Result<int> compat_user_sh(Context& context, const Arguments& arguments);
Result<int> compat_postoffice(Context& context, const Arguments& arguments);

// What `user.sh list` prints.
std::string user_sh_table(const std::vector<controlplane::Account>& accounts);

}  // namespace gatepost::tools
