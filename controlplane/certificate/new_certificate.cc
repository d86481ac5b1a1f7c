#include "controlplane/certificate/new_certificate.h"

#include <fmt/chrono.h>

#include "controlplane/certificate/type_names.h"
#include "controlplane/model/host_name.h"

namespace gatepost::controlplane {

namespace {

constexpr int64_t kDay = 24 * 3600;  // s
constexpr size_t kNamesShown = 5;

std::string day(int64_t seconds) {
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<time_t>(seconds)));
}

std::string shown(const std::vector<std::string>& names) {
    if (names.empty()) return "none";
    std::string out;
    for (size_t i = 0; i < names.size() && i < kNamesShown; ++i)
        out += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
    return out;
}

}  // namespace

Result<NewCertificate> new_certificate(const CertificatePlace& place, const CertificateChain& chain,
                                       const PrivateKey& key, const storage::KeyRing& ring) {
    if (Status matches = check_key_matches(chain, key); !matches)
        return tl::unexpected(std::move(matches).error());
    auto sealed = key.seal(ring);
    if (!sealed) return tl::unexpected(std::move(sealed).error());
    const CertificateFacts& leaf = chain.leaf;
    return NewCertificate{.domain = place.domain,
                          .type = std::string(certificate_type_name(place.type)),
                          .key_type = std::string(key_type_name(leaf.key_type)),
                          .chain = chain_to_pem(chain),
                          .sealed_key = std::move(*sealed),
                          .ocsp_response = {},
                          .names = leaf.names,
                          .issuer = leaf.issuer,
                          .subject = leaf.subject,
                          .serial_number = leaf.serial_number,
                          .fingerprint = leaf.fingerprint,
                          .not_before_s = leaf.not_before_s,
                          .not_after_s = leaf.not_after_s,
                          .source = place.source};
}

CertificateFindings check_certificate(const CertificateChain& chain, const std::string& domain,
                                      int64_t now_s) {
    const CertificateFacts& leaf = chain.leaf;
    CertificateFindings findings;
    if (!names_cover(leaf.names, domain))
        findings.errors.push_back(
            fmt::format("the certificate is not for {}; its names: {}", domain, shown(leaf.names)));
    if (!leaf.is_for_servers)
        findings.errors.push_back(
            "the certificate is not for TLS servers: its extended key usage lacks serverAuth");
    if (leaf.not_after_s < now_s)
        findings.errors.push_back(
            fmt::format("the certificate expired on {}", day(leaf.not_after_s)));
    else if (leaf.not_after_s - now_s < kExpiryWarningDays * kDay)
        findings.warnings.push_back(fmt::format("the certificate expires in {} days, on {}",
                                                (leaf.not_after_s - now_s) / kDay,
                                                day(leaf.not_after_s)));
    if (leaf.not_before_s > now_s)
        findings.warnings.push_back(
            fmt::format("the certificate is not valid before {}; until then it is used only where "
                        "there is no other",
                        day(leaf.not_before_s)));
    if (!leaf.is_self_signed && chain.der.size() == 1)
        findings.warnings.push_back(
            "the chain has no certificate of the CA: clients that do not know the issuer already "
            "will refuse it (take the file that is called fullchain)");
    return findings;
}

}  // namespace gatepost::controlplane
