// Domain names in uncompressed wire form (RFC 1035 §3.1): length octet and label, … , the root's
// zero octet; at most 255 octets, labels at most 63. Dname owns its octets in place (no heap);
// DnameView borrows them. Both always hold a well-formed name: the functions that make one check
// it.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

inline constexpr size_t kDnameLengthMax = 255;  // octets, RFC 1035 §2.3.4
inline constexpr size_t kLabelLengthMax = 63;   // octets, RFC 1035 §2.3.4
inline constexpr size_t kLabelCountMax = 127;   // labels without the root: 127 × 2 octets + 1

class DnameView {
  public:
    constexpr DnameView() : data_(kRootOctet), length_(1) {}
    // `data` must hold a well-formed uncompressed name of `length` octets.
    constexpr DnameView(const uint8_t* data, size_t length) : data_(data), length_(length) {}

    const uint8_t* data() const { return data_; }
    size_t length() const { return length_; }
    Bytes wire() const { return {data_, length_}; }
    bool is_root() const { return length_ == 1; }
    bool is_wildcard() const { return length_ >= 3 && data_[0] == 1 && data_[1] == '*'; }
    // Labels without the root: 0 for ".".
    size_t label_count() const;
    // The name without its first label; of the root, the root.
    DnameView parent() const;
    // The name made of the last `labels` labels; the whole name if it has no more than those.
    DnameView suffix(size_t labels) const;
    // The first label without its length octet; empty for the root.
    Bytes first_label() const { return {data_ + 1, data_[0]}; }

  private:
    static constexpr uint8_t kRootOctet[1] = {0};
    const uint8_t* data_;
    size_t length_;
};

class Dname {
  public:
    Dname() = default;  // the root
    explicit Dname(DnameView view) : length_(static_cast<uint8_t>(view.length())) {
        std::memcpy(octets_, view.data(), view.length());
    }
    operator DnameView() const { return {octets_, length_}; }
    DnameView view() const { return {octets_, length_}; }
    size_t length() const { return length_; }

    // ASCII letters to lower case, in place (RFC 4343).
    Dname& lower();

  private:
    friend Result<Dname> dname_from_text(std::string_view, DnameView);
    friend Result<Dname> dname_from_wire(ByteReader&);
    friend Result<Dname> dname_from_message(Bytes, size_t, size_t*);
    friend Result<Dname> dname_join(DnameView, DnameView);
    uint8_t length_ = 1;
    uint8_t octets_[kDnameLengthMax] = {0};
};

// Text (RFC 1035 §5.1): \DDD and \X escapes, "@" is the origin, a name without final dot is
// relative to the origin. The error says what is wrong, without a position.
Result<Dname> dname_from_text(std::string_view text, DnameView origin = {});
// An uncompressed name at the reader, which is moved behind it; on error the reader has failed.
Result<Dname> dname_from_wire(ByteReader& reader);
// A name in a message at `offset`, following compression pointers (each must point backwards).
// `end`, if given, receives the offset behind the name's own octets.
Result<Dname> dname_from_message(Bytes message, size_t offset, size_t* end = nullptr);
// `prefix` (its root cut off) in front of `suffix`.
Result<Dname> dname_join(DnameView prefix, DnameView suffix);

// Absolute text with the final dot; octets outside printable ASCII as \DDD; special ones as \X.
std::string dname_to_text(DnameView name);

Dname dname_lower(DnameView name);
bool dname_equal(DnameView a, DnameView b);  // without regard to ASCII case
// True also where `name` equals `ancestor`.
bool dname_is_subdomain(DnameView name, DnameView ancestor);
// Canonical order (RFC 4034 §6.1): labels from the right, lower-cased octets. <0, 0, >0.
int dname_compare(DnameView a, DnameView b);

}  // namespace gatepost::storage
