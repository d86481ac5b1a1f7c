// Errors by value. An Error says what happened, on what, why, and what to do next; its code is the
// exit code that a command gives for it.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace gatepost {

// The numbers are the exit codes of the command line: they are part of the interface.
enum class ErrorCode : uint8_t {
    refused = 1,      // the operation was refused or failed
    usage = 2,        // wrong usage
    unreachable = 3,  // cannot reach a server, the database or the network
    schema = 4,       // the database schema is missing, newer than the program, or changed by hand
    invalid = 5,      // validation found errors (zone, configuration, record, image)
    permission = 6,   // permission or authentication
    conflict = 7,     // changed meanwhile, or a transaction was lost
};

struct Error {
    ErrorCode code = ErrorCode::refused;
    std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format,
                                         Args&&... args) {
    return tl::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Passes an error on with what was being done put in front of it.
[[nodiscard]] inline tl::unexpected<Error> wrap(std::string_view doing, Error error) {
    error.message = fmt::format("{}: {}", doing, error.message);
    return tl::unexpected(std::move(error));
}

}  // namespace gatepost
