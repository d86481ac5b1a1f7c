// gatepost compat user.sh|postoffice: old scripts go on.
#include "tools/gatepost/command/compat_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

Result<CompatCall> compat_call(const Context& context, const Arguments& arguments) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    CompatCall call{arguments, "", arguments.list("WORD"), std::move(*options)};
    if (!call.words.empty()) {
        call.command = call.words.front();
        call.words.erase(call.words.begin());
    }
    return call;
}

void say_new_spelling(const Context& context, std::string_view spelling) {
    if (::isatty(STDERR_FILENO) != 0)
        context.note(fmt::format("this is now: gatepost {}", spelling));
}

void warn_of_argv(const Context& context) {
    context.warning("a password on the command line can be read by every user of this host");
}

std::vector<CommandSpec> compat_commands() {
    return {
        {.noun = "compat",
         .verb = "user.sh",
         .summary =
             "The commands of mailserver's user.sh, with the lines that it prints: add, del, "
             "passwd, list, update-aliases, help.",
         .arguments = {{"WORD", Arity::any, "the command and its arguments"}},
         .options = {{"--purge-inbox", "", "del: with all mail, for good"}, kNoWaitOption},
         .examples = {"gatepost compat user.sh add ada@example.org",
                      "gatepost compat user.sh del --purge-inbox ada@example.org"},
         .run = compat_user_sh},
        {.noun = "compat",
         .verb = "postoffice",
         .summary =
             "Postoffice's commands for mail: addmailbox, setpasswd, changepasswd, addalias, "
             "import-from-rules, write-rules.",
         .arguments = {{"WORD", Arity::any, "the command and its arguments"}},
         .options = {{"--create-domain", "", "addmailbox, addalias: where there is none"},
                     {"--password", "PASSWORD", "addmailbox: its password"},
                     {"--reset", "", "import-from-rules: in the place of those there"},
                     kNoWaitOption},
         .examples = {"gatepost compat postoffice addmailbox ada@example.org --create-domain",
                      "gatepost compat postoffice addalias example.org @example.org a@example.org"},
         .run = compat_postoffice},
    };
}

}  // namespace gatepost::tools
