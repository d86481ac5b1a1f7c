// gatepost-load: load on a server, and what came of it.
#include <cstdio>
#include <string>
#include <vector>

#include "tools/load/mail/smtp_run.h"
#include "tools/load/options.h"
#include "tools/load/run.h"

namespace {

int report(const gatepost::Error& error) {
    fmt::print(stderr, "gatepost-load: error: {}\n", error.message);
    return static_cast<int>(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    auto options = gatepost::tools::parse_load_options(words);
    if (!options) return report(options.error());
    if (!*options) return 0;
    auto* smtp = std::get_if<gatepost::tools::SmtpLoadOptions>(&**options);
    auto code =
        smtp != nullptr
            ? gatepost::tools::run_smtp_load(std::move(*smtp))
            : gatepost::tools::run_dns_load(std::get<gatepost::tools::LoadOptions>(**options));
    if (!code) return report(code.error());
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        return report({gatepost::ErrorCode::refused, "cannot write to standard output"});
    return *code;
}
