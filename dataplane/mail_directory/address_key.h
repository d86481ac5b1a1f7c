// Keys that the directory has addresses under, made without an allocation.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

class AddressKey {
  public:
    // Of a normalized address: MailAddress::text().
    AddressKey(std::string_view local_part, std::string_view domain);
    // Of a domain's catch-all: "@example.org".
    static AddressKey catch_all(std::string_view domain);

    // "" where there can be no such key: it would be too long.
    std::string_view text() const { return {octets_.data(), size_}; }

  private:
    AddressKey() = default;
    void assign(std::string_view local_part, std::string_view domain);

    static constexpr size_t kSizeMax = 512;  // octets, as of any key of the directory
    std::array<char, kSizeMax> octets_;
    size_t size_ = 0;
};

struct AddressParts {
    std::string_view local_part;
    std::string_view domain;
};
// The parts of an address whose text is its normalized form with nothing to quote, as nearly all
// are; nullopt: it takes read_mail_address to tell.
std::optional<AddressParts> split_plain_address(std::string_view text);

}  // namespace gatepost::dataplane
