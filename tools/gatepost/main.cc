// gatepost: the command line, and the supervisor of the other two processes.
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/cli/parser.h"

namespace {

using gatepost::Error;

bool colours(bool refused) {
    return !refused && std::getenv("NO_COLOR") == nullptr && ::isatty(STDERR_FILENO) != 0;
}

int report(const Error& error, bool colour) {
    fmt::print(stderr, "{}gatepost: error:{} {}\n", colour ? "\x1b[1;31m" : "",
               colour ? "\x1b[0m" : "", error.message);
    return static_cast<int>(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "");
    const std::vector<std::string> words(argv + 1, argv + argc);
    auto invocation = gatepost::tools::parse_command_line(words);
    if (!invocation) return report(invocation.error(), colours(false));
    if (invocation->command == nullptr) {
        std::fputs(invocation->text.c_str(), stdout);
        return 0;
    }
    gatepost::tools::Context context(invocation->options);
    auto code = invocation->command->run(context, invocation->arguments);
    // What could not be written (a full disk, a closed pipe) must not look like success.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        return report({gatepost::ErrorCode::refused, "cannot write to standard output"},
                      colours(invocation->options.no_color));
    if (!code) return report(code.error(), colours(invocation->options.no_color));
    return *code;
}
