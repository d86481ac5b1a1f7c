// gatepost-load: load on a server, and what came of it.
#include <cstdio>
#include <string>
#include <vector>

#include "tools/load/imap/imap_run.h"
#include "tools/load/mail/smtp_run.h"
#include "tools/load/options.h"
#include "tools/load/run.h"

namespace {

int report(const gatepost::Error& error) {
    fmt::print(stderr, "gatepost-load: error: {}\n", error.message);
    return static_cast<int>(error.code);
}

gatepost::Result<int> run(gatepost::tools::LoadCommand& command) {
    using namespace gatepost::tools;
    if (auto* smtp = std::get_if<SmtpLoadOptions>(&command)) return run_smtp_load(std::move(*smtp));
    if (auto* imap = std::get_if<ImapLoadOptions>(&command)) return run_imap_load(std::move(*imap));
    return run_dns_load(std::get<LoadOptions>(command));
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    auto options = gatepost::tools::parse_load_options(words);
    if (!options) return report(options.error());
    if (!*options) return 0;
    auto code = run(**options);
    if (!code) return report(code.error());
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        return report({gatepost::ErrorCode::refused, "cannot write to standard output"});
    return *code;
}
