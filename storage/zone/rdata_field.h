// The fields that record data is made of. Each kind of field is a codec of three functions; a
// record type is a row of fields (rdata_descriptor.h). Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/zone/dname.h"
#include "storage/zone/rdata.h"
#include "storage/zone/token.h"

namespace gatepost::storage {

// Hands out the tokens of one record's data, and holds the first error.
class TokenReader {
  public:
    TokenReader(std::span<const Token> tokens, DnameView origin)
        : tokens_(tokens), origin_(origin) {}

    bool at_end() const { return next_ == tokens_.size(); }
    DnameView origin() const { return origin_; }
    size_t index() const { return next_; }
    void set_field(const char* name) { field_ = name; }

    // The next token; nullptr, with an error, at the end.
    const Token* take();
    // The same for fields that are never quoted.
    const Token* take_unquoted();
    // Sets the error "FIELD 'TOKEN' WHY" for the token taken last. Always false.
    bool refuse(std::string_view why);
    // Sets the error "FIELD REASON". Always false.
    bool refuse_field(std::string_view reason);
    // True once a field was missing: the error then still wants the list of what was expected.
    bool ended_early() const { return ended_early_; }
    RdataTextError& error() { return error_; }

  private:
    std::span<const Token> tokens_;
    DnameView origin_;
    size_t next_ = 0;
    const char* field_ = "";
    bool ended_early_ = false;
    RdataTextError error_;
};

struct FieldCodec {
    // Appends the field's wire form. False: the reader holds the error; `out` may hold a part.
    bool (*parse)(TokenReader& in, std::vector<uint8_t>& out);
    // Moves the reader behind the field. nullptr, or what is wrong with it.
    const char* (*check)(ByteReader& in);
    // Appends the presentation form of a field that check() accepts.
    void (*print)(ByteReader& in, std::string& out);
};

// rdata_fields_number.cc
extern const FieldCodec kU8Field, kU16Field, kU32Field;
extern const FieldCodec kPeriodField;     // 32 bits of seconds; the text may have units: 1h30m
extern const FieldCodec kAlgorithmField;  // DNSSEC algorithm, number or mnemonic
extern const FieldCodec kCertTypeField;   // CERT's type, number or mnemonic
extern const FieldCodec kTypeField;       // a record type
// rdata_fields_time.cc
extern const FieldCodec kTimeField;  // RRSIG's times, RFC 4034 §3.2
// rdata_fields_address.cc
extern const FieldCodec kIpv4Field, kIpv6Field, kEui48Field, kEui64Field;
// rdata_fields_name.cc
extern const FieldCodec kNameField;  // a domain name, not compressed
// rdata_fields_string.cc
extern const FieldCodec kStringField;      // a character string with its length octet
extern const FieldCodec kStringsField;     // one or more of them, to the end
extern const FieldCodec kLongStringField;  // octets without a length, to the end
extern const FieldCodec kUriField;         // the same, at least one octet
extern const FieldCodec kCaaTagField;
// rdata_fields_encoded.cc
extern const FieldCodec kHexField, kBase64Field;  // to the end, at least one octet
extern const FieldCodec kSaltField;               // length octet and octets; "-" for none
extern const FieldCodec kHashField;               // length octet and octets, as base32hex
// rdata_fields_bitmap.cc
extern const FieldCodec kTypeBitmapField;  // RFC 4034 §4.1.2, to the end
// rdata_fields_svcb.cc
extern const FieldCodec kSvcParamsField;  // to the end
// rdata_fields_apl.cc
extern const FieldCodec kAplField;  // to the end
// rdata_fields_loc.cc
extern const FieldCodec kLocField;  // the whole data

inline constexpr std::string_view kNotAType =
    "is not a record type: expected a name such as A or MX, or TYPE0 to TYPE65535";

// Decimal digits only, up to `max`.
bool parse_number(std::string_view text, uint64_t max, uint64_t& value);
bool parse_ipv4(std::string_view text, uint8_t* octets);
bool parse_ipv6(std::string_view text, uint8_t* octets);
void print_ipv4(const uint8_t* octets, std::string& out);
void print_ipv6(const uint8_t* octets, std::string& out);
void print_number(uint64_t value, std::string& out);

}  // namespace gatepost::storage
