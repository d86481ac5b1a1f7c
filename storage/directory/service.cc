#include "storage/directory/service.h"

#include <array>

namespace gatepost::storage {

namespace {

constexpr std::array<std::string_view, kServices> kNames = {"dns",  "https", "smtp",
                                                            "imap", "pop3",  "sieve"};

}  // namespace

std::string_view service_name(Service service) {
    return kNames[static_cast<size_t>(service)];
}

std::optional<Service> service_from_name(std::string_view name) {
    for (size_t i = 0; i < kServices; ++i)
        if (kNames[i] == name) return static_cast<Service>(i);
    return std::nullopt;
}

}  // namespace gatepost::storage
