#include "controlplane/certificate/type_names.h"

#include <array>

namespace gatepost::controlplane {

namespace {

constexpr std::array<std::string_view, 3> kKeyTypes = {"ecdsa", "rsa", "ed25519"};
constexpr std::array<std::string_view, 3> kTypes = {"live", "staged", "self-signed"};

template <typename T>
std::optional<T> find(const std::array<std::string_view, 3>& names, std::string_view name) {
    for (size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<T>(i);
    return std::nullopt;
}

}  // namespace

std::string_view key_type_name(storage::KeyType type) {
    return kKeyTypes[static_cast<size_t>(type)];
}

std::optional<storage::KeyType> key_type_from_name(std::string_view name) {
    return find<storage::KeyType>(kKeyTypes, name);
}

std::string_view certificate_type_name(storage::CertificateType type) {
    return kTypes[static_cast<size_t>(type)];
}

std::optional<storage::CertificateType> certificate_type_from_name(std::string_view name) {
    return find<storage::CertificateType>(kTypes, name);
}

}  // namespace gatepost::controlplane
