#include "storage/zone/rdata_descriptor.h"

#include <algorithm>
#include <array>

namespace gatepost::storage {

namespace {

constexpr RdataField dname_field(const char* name) {
    return {&kNameField, name, true};
}

constexpr RdataField kA[] = {{&kIpv4Field, "address"}};
constexpr RdataField kTarget[] = {dname_field("target")};
constexpr RdataField kSoa[] = {dname_field("primary"),    dname_field("mailbox"),
                               {&kU32Field, "serial"},    {&kPeriodField, "refresh"},
                               {&kPeriodField, "retry"},  {&kPeriodField, "expire"},
                               {&kPeriodField, "minimum"}};
constexpr RdataField kHinfo[] = {{&kStringField, "cpu"}, {&kStringField, "os"}};
constexpr RdataField kMinfo[] = {dname_field("rmailbx"), dname_field("emailbx")};
constexpr RdataField kMx[] = {{&kU16Field, "preference"}, dname_field("exchange")};
constexpr RdataField kTxt[] = {{&kStringsField, "string"}};
constexpr RdataField kRp[] = {dname_field("mailbox"), dname_field("txt-name")};
constexpr RdataField kAfsdb[] = {{&kU16Field, "subtype"}, dname_field("hostname")};
constexpr RdataField kX25[] = {{&kStringField, "psdn-address"}};
constexpr RdataField kAaaa[] = {{&kIpv6Field, "address"}};
constexpr RdataField kLoc[] = {{&kLocField, "location"}};
constexpr RdataField kSrv[] = {
    {&kU16Field, "priority"}, {&kU16Field, "weight"}, {&kU16Field, "port"}, dname_field("target")};
constexpr RdataField kNaptr[] = {{&kU16Field, "order"},     {&kU16Field, "preference"},
                                 {&kStringField, "flags"},  {&kStringField, "services"},
                                 {&kStringField, "regexp"}, dname_field("replacement")};
constexpr RdataField kCert[] = {{&kCertTypeField, "type"},
                                {&kU16Field, "key-tag"},
                                {&kAlgorithmField, "algorithm"},
                                {&kBase64Field, "certificate"}};
constexpr RdataField kApl[] = {{&kAplField, "prefix"}};
constexpr RdataField kDs[] = {{&kU16Field, "key-tag"},
                              {&kAlgorithmField, "algorithm"},
                              {&kU8Field, "digest-type"},
                              {&kHexField, "digest"}};
constexpr RdataField kSshfp[] = {
    {&kU8Field, "algorithm"}, {&kU8Field, "fingerprint-type"}, {&kHexField, "fingerprint"}};
constexpr RdataField kRrsig[] = {
    {&kTypeField, "type-covered"},   {&kAlgorithmField, "algorithm"}, {&kU8Field, "labels"},
    {&kPeriodField, "original-ttl"}, {&kTimeField, "expiration"},     {&kTimeField, "inception"},
    {&kU16Field, "key-tag"},         dname_field("signer"),           {&kBase64Field, "signature"}};
constexpr RdataField kNsec[] = {dname_field("next-name"), {&kTypeBitmapField, "types"}};
constexpr RdataField kDnskey[] = {{&kU16Field, "flags"},
                                  {&kU8Field, "protocol"},
                                  {&kAlgorithmField, "algorithm"},
                                  {&kBase64Field, "public-key"}};
constexpr RdataField kDhcid[] = {{&kBase64Field, "digest"}};
constexpr RdataField kNsec3[] = {{&kU8Field, "hash-algorithm"}, {&kU8Field, "flags"},
                                 {&kU16Field, "iterations"},    {&kSaltField, "salt"},
                                 {&kHashField, "next-hash"},    {&kTypeBitmapField, "types"}};
constexpr RdataField kNsec3Param[] = {{&kU8Field, "hash-algorithm"},
                                      {&kU8Field, "flags"},
                                      {&kU16Field, "iterations"},
                                      {&kSaltField, "salt"}};
constexpr RdataField kTlsa[] = {{&kU8Field, "usage"},
                                {&kU8Field, "selector"},
                                {&kU8Field, "matching-type"},
                                {&kHexField, "certificate-data"}};
constexpr RdataField kOpenPgpKey[] = {{&kBase64Field, "key"}};
constexpr RdataField kCsync[] = {
    {&kU32Field, "serial"}, {&kU16Field, "flags"}, {&kTypeBitmapField, "types"}};
constexpr RdataField kZonemd[] = {{&kU32Field, "serial"},
                                  {&kU8Field, "scheme"},
                                  {&kU8Field, "hash-algorithm"},
                                  {&kHexField, "digest"}};
constexpr RdataField kSvcb[] = {
    {&kU16Field, "priority"}, dname_field("target"), {&kSvcParamsField, "params"}};
constexpr RdataField kL32[] = {{&kU16Field, "preference"}, {&kIpv4Field, "locator"}};
constexpr RdataField kEui48[] = {{&kEui48Field, "address"}};
constexpr RdataField kEui64[] = {{&kEui64Field, "address"}};
constexpr RdataField kUri[] = {
    {&kU16Field, "priority"}, {&kU16Field, "weight"}, {&kUriField, "target"}};
constexpr RdataField kCaa[] = {
    {&kU8Field, "flags"}, {&kCaaTagField, "tag"}, {&kLongStringField, "value"}};

// The digest of `type` has the length of its hash (0: unknown). A copy cut short is the usual
// mistake.
bool has_length(Bytes digest, size_t length) {
    return length == 0 || digest.size() == length;
}

// IANA "DS RR Type Digest Algorithms": SHA-1, SHA-256, GOST R 34.11-94, SHA-384.
const char* check_ds(Bytes rdata) {
    uint8_t type = rdata[3];
    size_t length = type == 1 ? 20 : type == 2 || type == 3 ? 32 : type == 4 ? 48 : 0;
    return has_length(rdata.subspan(4), length)
               ? nullptr
               : "digest does not have the length of its digest-type";
}

// RFC 4255 §3.1.2, RFC 6594 §4: SHA-1, SHA-256.
const char* check_sshfp(Bytes rdata) {
    size_t length = rdata[1] == 1 ? 20 : rdata[1] == 2 ? 32 : 0;
    return has_length(rdata.subspan(2), length)
               ? nullptr
               : "fingerprint does not have the length of its fingerprint-type";
}

// RFC 8976 §2.2.3, §2.2.4: SHA-384, SHA-512; never under 12 octets.
const char* check_zonemd(Bytes rdata) {
    Bytes digest = rdata.subspan(6);
    size_t length = rdata[5] == 1 ? 48 : rdata[5] == 2 ? 64 : 0;
    return digest.size() >= 12 && has_length(digest, length)
               ? nullptr
               : "digest does not have the length of its hash-algorithm";
}

constexpr RdataDescriptor row(uint16_t type, std::span<const RdataField> fields,
                              uint8_t name_flags = 0, const char* (*check)(Bytes) = nullptr) {
    uint8_t names = 0;
    for (const RdataField& field : fields) names += field.is_dname ? 1 : 0;
    return {RRType{type}, fields, names, name_flags, check};
}
constexpr RdataDescriptor row(RRType type, std::span<const RdataField> fields,
                              uint8_t name_flags = 0, const char* (*check)(Bytes) = nullptr) {
    return row(static_cast<uint16_t>(type), fields, name_flags, check);
}

constexpr uint8_t kOld = kNamesLowered | kNamesCompressible;  // the types of RFC 1035

// Ascending. A row with a plain number is a type that only has its data here, without a name of its
// own in RRType.
constexpr RdataDescriptor kDescriptors[] = {
    row(RRType::A, kA),
    row(RRType::NS, kTarget, kOld | kNamesAdditional),
    row(RRType::CNAME, kTarget, kOld),
    row(RRType::SOA, kSoa, kOld),
    row(7, kTarget, kOld),  // MB
    row(8, kTarget, kOld),  // MG
    row(9, kTarget, kOld),  // MR
    row(RRType::PTR, kTarget, kOld),
    row(RRType::HINFO, kHinfo),
    row(14, kMinfo, kOld),  // MINFO
    row(RRType::MX, kMx, kOld | kNamesAdditional),
    row(RRType::TXT, kTxt),
    row(RRType::RP, kRp, kNamesLowered),
    row(RRType::AFSDB, kAfsdb, kNamesLowered | kNamesAdditional),
    row(19, kX25),                // X25
    row(21, kMx, kNamesLowered),  // RT
    row(25, kDnskey),             // KEY
    row(RRType::AAAA, kAaaa),
    row(RRType::LOC, kLoc),
    row(RRType::SRV, kSrv, kNamesLowered | kNamesAdditional),
    row(RRType::NAPTR, kNaptr, kNamesLowered),
    row(36, kMx, kNamesLowered),  // KX
    row(37, kCert),               // CERT
    row(RRType::DNAME, kTarget, kNamesLowered),
    row(RRType::APL, kApl),
    row(RRType::DS, kDs, 0, check_ds),
    row(RRType::SSHFP, kSshfp, 0, check_sshfp),
    row(RRType::RRSIG, kRrsig, kNamesLowered),
    row(RRType::NSEC, kNsec),  // RFC 6840 §5.1: its name keeps its case
    row(RRType::DNSKEY, kDnskey),
    row(49, kDhcid),  // DHCID
    row(RRType::NSEC3, kNsec3),
    row(RRType::NSEC3PARAM, kNsec3Param),
    row(RRType::TLSA, kTlsa),
    row(RRType::SMIMEA, kTlsa),
    row(RRType::CDS, kDs, 0, check_ds),
    row(RRType::CDNSKEY, kDnskey),
    row(RRType::OPENPGPKEY, kOpenPgpKey),
    row(RRType::CSYNC, kCsync),
    row(RRType::ZONEMD, kZonemd, 0, check_zonemd),
    row(RRType::SVCB, kSvcb, kNamesAdditional),
    row(RRType::HTTPS, kSvcb, kNamesAdditional),
    row(99, kTxt),   // SPF
    row(105, kL32),  // L32
    row(107, kMx),   // LP
    row(RRType::EUI48, kEui48),
    row(RRType::EUI64, kEui64),
    row(RRType::URI, kUri),
    row(RRType::CAA, kCaa),
    row(32769, kDs, 0, check_ds),  // DLV
};

// Types up to this one are found by index, the few above by search.
constexpr size_t kIndexed = 258;

consteval std::array<uint8_t, kIndexed> build_index() {
    std::array<uint8_t, kIndexed> index{};  // row + 1, 0 for none
    for (size_t i = 0; i < std::size(kDescriptors); ++i) {
        auto type = static_cast<size_t>(kDescriptors[i].type);
        if (type < kIndexed) index[type] = static_cast<uint8_t>(i + 1);
    }
    return index;
}
constexpr auto kIndex = build_index();

}  // namespace

const RdataDescriptor* rdata_descriptor(RRType type) {
    auto number = static_cast<size_t>(type);
    if (number < kIndexed) return kIndex[number] == 0 ? nullptr : &kDescriptors[kIndex[number] - 1];
    const auto* found = std::ranges::lower_bound(kDescriptors, type, {}, &RdataDescriptor::type);
    return found != std::end(kDescriptors) && found->type == type ? found : nullptr;
}

std::span<const RdataDescriptor> rdata_descriptors() {
    return kDescriptors;
}

}  // namespace gatepost::storage
