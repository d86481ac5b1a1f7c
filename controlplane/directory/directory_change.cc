#include "controlplane/directory/directory_change.h"

namespace gatepost::controlplane {

namespace {

size_t octets(const CertificateRow& row) {
    size_t size = row.domain.size() + row.type.size() + row.key_type.size();
    if (row.chain) size += row.chain->size();
    if (row.sealed_key) size += row.sealed_key->size();
    if (row.ocsp_response) size += row.ocsp_response->size();
    if (row.names)
        for (const std::string& name : *row.names) size += sizeof name + name.size();
    return size;
}
size_t octets(const PinKey& key) {
    return key.service.size() + key.domain.size();
}
size_t octets(const PinRow& row) {
    return octets(row.key) + row.type.size();
}
size_t octets(const RedirectKey& key) {
    return key.host.size();
}
size_t octets(const RedirectRow& row) {
    return octets(row.key) + row.url.size();
}
size_t octets(const ChallengeKey& key) {
    return key.host.size() + key.token.size();
}
size_t octets(const ChallengeRow& row) {
    return octets(row.key) + row.key_authorization.size();
}
size_t octets(const MailDomainRow& row) {
    return row.name.size() + row.subaddress_delimiters.size() + row.display_name.size() +
           row.short_display_name.size() + row.imap_host.size() + row.pop_host.size() +
           row.smtp_host.size();
}
size_t octets(const MailAccountRow& row) {
    return row.address.size();
}
size_t octets(const MailCredentialRow& row) {
    return row.hash.size();
}
size_t octets(const MailAliasRow& row) {
    return row.source.size() + row.target.size();
}
size_t octets(const FilterRuleRow& row) {
    return row.name.size() + row.field.size() + row.header_name.size() + row.kind.size() +
           row.pattern.size() + row.action.size() + row.folder.size() + row.mode.size();
}
size_t octets(const FilingRuleRow& row) {
    return row.field.size() + row.contains.size() + row.folder.size();
}
size_t octets(const PolicyRuleKey& key) {
    return key.name.size();
}
size_t octets(const PolicyRuleRow& row) {
    return octets(row.key) + row.mode.size() + row.settings.size();
}
size_t octets(const DnsListKey& key) {
    return key.zone.size();
}
size_t octets(const DnsListRow& row) {
    size_t size = octets(row.key) + row.kind.size() + row.mode.size();
    for (const std::string& code : row.codes) size += sizeof code + code.size();
    return size;
}
template <typename Key>  // nothing but an id or a network
size_t octets(const Key&) {
    return 0;
}

}  // namespace

size_t size_bytes(const DirectoryChange& change) {
    return sizeof change + std::visit([](const auto& row) { return octets(row); }, change);
}

}  // namespace gatepost::controlplane
