// The services that can be given a certificate of their own, as the rows of
// gatepost.service_certificates name them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::storage {

enum class Service : uint8_t { dns, https, smtp, imap, pop3, sieve };
inline constexpr size_t kServices = 6;

std::string_view service_name(Service service);  // "dns"
std::optional<Service> service_from_name(std::string_view name);

}  // namespace gatepost::storage
