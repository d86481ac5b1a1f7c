// check_ocsp_response of new_certificate.h.
#include <fmt/chrono.h>

#include <ctime>

#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/openssl.h"

namespace gatepost::controlplane {

namespace {

constexpr size_t kOcspSizeMax = 64 * 1024;  // octets
constexpr int64_t kClockSlack = 3600;       // s

OwnedX509 certificate_of(Bytes der) {
    const uint8_t* at = der.data();
    return OwnedX509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

Result<OwnedOcspBasic> basic_response(Bytes der) {
    const uint8_t* at = der.data();
    const OwnedOcspResponse response(
        d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
    if (!response)
        return fail(ErrorCode::invalid, "it is not an OCSP response in DER ({})", openssl_reason());
    const int status = OCSP_response_status(response.get());
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return fail(ErrorCode::invalid, "the responder gave no answer but \"{}\"",
                    OCSP_response_status_str(status));
    OwnedOcspBasic basic(OCSP_response_get1_basic(response.get()));
    if (!basic)
        return fail(ErrorCode::invalid, "it is an OCSP response of an unknown kind ({})",
                    openssl_reason());
    return basic;
}

// Signed by the issuer, or by whom the issuer has delegated it to (RFC 6960 §4.2.2.2).
Status check_signature(OCSP_BASICRESP* basic, X509* issuer) {
    const OwnedStore store(X509_STORE_new());
    const bool prepared = store && X509_STORE_add_cert(store.get(), issuer) == 1 &&
                          X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN |
                                                                X509_V_FLAG_NO_CHECK_TIME) == 1;
    STACK_OF(X509)* certificates = sk_X509_new_null();
    sk_X509_push(certificates, issuer);
    const bool verified = prepared && OCSP_basic_verify(basic, certificates, store.get(), 0) == 1;
    sk_X509_free(certificates);
    const std::string reason = openssl_reason();
    if (verified) return {};
    return fail(ErrorCode::invalid, "it is not signed for the issuer of the certificate ({})",
                reason);
}

int64_t seconds_of(const ASN1_GENERALIZEDTIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(::timegm(&parts)) : 0;
}

Status check_status(OCSP_BASICRESP* basic, OCSP_CERTID* id, int64_t now_s) {
    int status = 0, reason = 0;
    ASN1_GENERALIZEDTIME *revoked = nullptr, *this_update = nullptr, *next_update = nullptr;
    if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &this_update, &next_update) !=
        1)
        return fail(ErrorCode::invalid, "it is about another certificate");
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return fail(ErrorCode::invalid, "it says that the certificate is {}",
                    OCSP_cert_status_str(status));
    if (this_update == nullptr || seconds_of(this_update) > now_s + kClockSlack)
        return fail(ErrorCode::invalid, "it is of a time to come");
    // RFC 6960 §4.2.2.1: without nextUpdate there may be a newer one at any time.
    if (next_update != nullptr && seconds_of(next_update) < now_s)
        return fail(ErrorCode::invalid, "it was good until {:%Y-%m-%d %H:%M} UTC; get a new one",
                    fmt::gmtime(static_cast<time_t>(seconds_of(next_update))));
    return {};
}

}  // namespace

Status check_ocsp_response(const CertificateChain& chain, Bytes response, int64_t now_s) {
    if (response.size() > kOcspSizeMax)
        return fail(ErrorCode::invalid, "{} octets are too many for an OCSP response, at most {}",
                    response.size(), kOcspSizeMax);
    if (chain.der.size() < 2)
        return fail(ErrorCode::invalid,
                    "the chain has no certificate of the issuer, which is needed to check it");
    auto basic = basic_response(response);
    if (!basic) return tl::unexpected(std::move(basic).error());
    const OwnedX509 leaf = certificate_of(chain.der[0]);
    const OwnedX509 issuer = certificate_of(chain.der[1]);
    const OwnedOcspId id(leaf && issuer ? OCSP_cert_to_id(nullptr, leaf.get(), issuer.get())
                                        : nullptr);
    if (!id)
        return fail(ErrorCode::invalid, "its certificate cannot be told ({})", openssl_reason());
    if (Status good = check_status(basic->get(), id.get(), now_s); !good) return good;
    return check_signature(basic->get(), issuer.get());
}

}  // namespace gatepost::controlplane
