// The forms in the arena. Each begins with its version in one octet; numbers are varints (LEB128:
// seven bits an octet, the lowest first, in as few octets as they need), texts stand behind their
// length.
//
//   domain:     id | flags | alias_of | delimiters | display name | short one | hosts of IMAP,
//   POP3,
//               SMTP
//   account:    id | flags | quota of octets | of messages | number of credentials | credentials
//   credential: id | kind (1 octet) | services (1 octet) | end | hash | generation
//   alias:      number of targets | targets
#include "storage/directory/mail_entries.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

constexpr uint8_t kVersion = 2;
constexpr uint64_t kDomainActive = 1;  // flag of a domain
constexpr int kVarintBits = 7;
constexpr unsigned kVarintMore = 0x80;  // another octet follows

void write_varint(ByteWriter& out, uint64_t value) {
    for (; value >= kVarintMore; value >>= kVarintBits)
        out.u8(static_cast<uint8_t>(value | kVarintMore));
    out.u8(static_cast<uint8_t>(value));
}

// One form for each number, so that equal contents are equal octets.
uint64_t read_varint(ByteReader& in) {
    uint64_t value = 0;
    for (int shift = 0; in.ok(); shift += kVarintBits) {
        const uint8_t octet = in.u8();
        const uint64_t bits = octet & (kVarintMore - 1);
        if (shift > 63 || (bits << shift) >> shift != bits) break;
        value |= bits << shift;
        if ((octet & kVarintMore) != 0) continue;
        if (octet == 0 && shift != 0) break;
        return value;
    }
    in.fail();
    return 0;
}

void write_text(ByteWriter& out, std::string_view text) {
    write_varint(out, text.size());
    out.bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string_view read_text(ByteReader& in) {
    const uint64_t length = read_varint(in);
    if (length > in.left()) in.fail();
    const Bytes octets = in.bytes(length);
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

void read_version(ByteReader& in) {
    if (in.u8() != kVersion) in.fail();
}

uint16_t read_flags(ByteReader& in) {
    const uint64_t flags = read_varint(in);
    if (flags > 0xffff) in.fail();
    return static_cast<uint16_t>(flags);
}

Credential read_credential(ByteReader& in) {
    Credential credential;
    credential.id = read_varint(in);
    const uint8_t kind = in.u8();
    if (kind < static_cast<uint8_t>(CredentialKind::password) ||
        kind > static_cast<uint8_t>(CredentialKind::token))
        in.fail();
    credential.kind = static_cast<CredentialKind>(kind);
    credential.services = in.u8();
    credential.expires_at_s = static_cast<int64_t>(read_varint(in));
    credential.hash = read_text(in);
    credential.generation = read_varint(in);
    return credential;
}

tl::unexpected<Error> damaged(std::string_view what, Bytes value) {
    return fail(ErrorCode::invalid, "the {} of {} octets is not one: the directory is damaged",
                what, value.size());
}

}  // namespace

std::vector<uint8_t> encode(const MailDomain& domain) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kVersion);
    write_varint(out, domain.id);
    write_varint(out, domain.active ? kDomainActive : 0);
    write_text(out, domain.alias_of);
    write_text(out, domain.subaddress_delimiters);
    write_text(out, domain.display_name);
    write_text(out, domain.short_display_name);
    write_text(out, domain.imap_host);
    write_text(out, domain.pop_host);
    write_text(out, domain.smtp_host);
    return octets;
}

Result<MailDomain> decode_mail_domain(Bytes value) {
    ByteReader in(value);
    MailDomain domain;
    read_version(in);
    domain.id = read_varint(in);
    const uint64_t flags = read_varint(in);
    domain.active = flags == kDomainActive;
    domain.alias_of = read_text(in);
    domain.subaddress_delimiters = read_text(in);
    domain.display_name = read_text(in);
    domain.short_display_name = read_text(in);
    domain.imap_host = read_text(in);
    domain.pop_host = read_text(in);
    domain.smtp_host = read_text(in);
    if (!in.ok() || !in.at_end() || flags > kDomainActive) return damaged("mail domain", value);
    return domain;
}

std::vector<uint8_t> encode(const MailAccount& account) {
    GATEPOST_CHECK(account.credentials.size() <= kCredentialsMax);
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kVersion);
    write_varint(out, account.id);
    write_varint(out, account.flags);
    write_varint(out, account.quota_bytes);
    write_varint(out, account.quota_messages);
    write_varint(out, account.credentials.size());
    for (const Credential& credential : account.credentials) {
        write_varint(out, credential.id);
        out.u8(static_cast<uint8_t>(credential.kind));
        out.u8(credential.services);
        write_varint(out, static_cast<uint64_t>(credential.expires_at_s));
        write_text(out, credential.hash);
        write_varint(out, credential.generation);
    }
    return octets;
}

Result<MailAccount> decode_mail_account(Bytes value) {
    ByteReader in(value);
    MailAccount account;
    read_version(in);
    account.id = read_varint(in);
    account.flags = read_flags(in);
    account.quota_bytes = read_varint(in);
    account.quota_messages = read_varint(in);
    const uint64_t count = read_varint(in);
    if (count > kCredentialsMax) in.fail();
    if (in.ok()) account.credentials.reserve(count);
    for (uint64_t i = 0; in.ok() && i < count; ++i)
        account.credentials.push_back(read_credential(in));
    if (!in.ok() || !in.at_end()) return damaged("mail account", value);
    return account;
}

Result<MailAccountHead> decode_mail_account_head(Bytes value) {
    ByteReader in(value);
    MailAccountHead head;
    read_version(in);
    head.id = read_varint(in);
    head.flags = read_flags(in);
    if (!in.ok()) return damaged("mail account", value);
    return head;
}

std::vector<uint8_t> encode(const MailAlias& alias) {
    GATEPOST_CHECK(alias.targets.size() <= kAliasTargetsMax);
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kVersion);
    write_varint(out, alias.targets.size());
    for (const std::string_view target : alias.targets) write_text(out, target);
    return octets;
}

MailAliasReader::MailAliasReader(Bytes value) : in_(value) {
    read_version(in_);
    left_ = read_varint(in_);
    if (left_ > kAliasTargetsMax) in_.fail();
}

std::optional<std::string_view> MailAliasReader::next() {
    if (!in_.ok() || left_ == 0) return std::nullopt;
    --left_;
    const std::string_view target = read_text(in_);
    if (!in_.ok()) return std::nullopt;
    return target;
}

Result<MailAlias> decode_mail_alias(Bytes value) {
    MailAlias alias;
    MailAliasReader reader(value);
    while (const auto target = reader.next()) alias.targets.push_back(*target);
    if (!reader.is_whole()) return damaged("mail alias", value);
    return alias;
}

}  // namespace gatepost::storage
