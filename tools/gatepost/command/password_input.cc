#include "tools/gatepost/command/password_input.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "storage/password/create.h"

namespace gatepost::tools {

namespace {

Result<std::string> first_line(std::istream& stream, std::string_view what) {
    std::string line;
    if (!std::getline(stream, line) && line.empty())
        return fail(ErrorCode::usage, "{} is empty: expected a password in its first line", what);
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return fail(ErrorCode::usage, "{}: the first line is empty", what);
    return line;
}

// "" where none is given, and one is to be generated.
Result<std::string> given_password(const Arguments& arguments) {
    const int sources = (arguments.has("--password-stdin") ? 1 : 0) +
                        (arguments.has("--password-file") ? 1 : 0) +
                        (arguments.has("--generate") ? 1 : 0);
    if (sources > 1)
        return fail(ErrorCode::usage,
                    "--password-stdin, --password-file and --generate: only one of them");
    if (arguments.has("--password-stdin")) return first_line(std::cin, "standard input");
    if (!arguments.has("--password-file")) return "";
    const std::string path = arguments.text("--password-file");
    std::ifstream file(path);
    if (!file) return fail(ErrorCode::usage, "{}: {}", path, std::strerror(errno));
    return first_line(file, path);
}

}  // namespace

Result<std::string> hash_of_password(const Arguments& arguments, std::string_view password,
                                     std::string_view login) {
    storage::PasswordScheme scheme = storage::kPreferredScheme;
    if (arguments.has("--scheme")) {
        const auto named = storage::find_scheme(arguments.text("--scheme"));
        if (!named)
            return fail(ErrorCode::usage,
                        "--scheme: \"{}\" is not a scheme, expected one such as {}",
                        arguments.text("--scheme"), storage::scheme_name(scheme));
        scheme = *named;
    }
    return storage::hash_password(scheme, password,
                                  {.allow_weak = arguments.has("--allow-weak"), .login = login});
}

Result<NewPassword> new_password(const Arguments& arguments, std::string_view login) {
    auto password = given_password(arguments);
    if (!password) return tl::unexpected(std::move(password).error());
    NewPassword made;
    if (password->empty()) {
        password = storage::generate_password();
        if (!password) return tl::unexpected(std::move(password).error());
        made.generated = *password;
    }
    auto hash = hash_of_password(arguments, *password, login);
    if (!hash) return tl::unexpected(std::move(hash).error());
    made.hash = std::move(*hash);
    return made;
}

}  // namespace gatepost::tools
