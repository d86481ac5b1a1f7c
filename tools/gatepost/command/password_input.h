// Where a new password comes from, and the hash that is stored. Never from the command line, where
// every user of the host can read it.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

inline constexpr OptionSpec kPasswordStdinOption = {"--password-stdin", "",
                                                    "the first line of standard input"};
inline constexpr OptionSpec kPasswordFileOption = {"--password-file", "FILE",
                                                   "the first line of a file"};
inline constexpr OptionSpec kGenerateOption = {"--generate", "",
                                               "a random one, printed once (default)"};
inline constexpr OptionSpec kSchemeOption = {
    "--scheme", "SCHEME",
    "of the stored hash (ARGON2ID; BLF-CRYPT, SHA512-CRYPT, SCRAM-SHA-256 …)"};
inline constexpr OptionSpec kAllowWeakOption = {"--allow-weak", "", "also schemes that are weak"};

struct NewPassword {
    std::string hash;       // "{SCHEME}…"
    std::string generated;  // to be shown once; "" where the person has it
};

// By the options above; `login` is the address that it is for.
Result<NewPassword> new_password(const Arguments& arguments, std::string_view login);
// Of a password that is known, with --scheme and --allow-weak.
Result<std::string> hash_of_password(const Arguments& arguments, std::string_view password,
                                     std::string_view login);

}  // namespace gatepost::tools
