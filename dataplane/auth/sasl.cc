#include "dataplane/auth/sasl.h"

#include <string.h>  // explicit_bzero
#include <strings.h>

#include "dataplane/auth/sasl_login.h"
#include "dataplane/auth/sasl_oauthbearer.h"
#include "dataplane/auth/sasl_plain.h"
#include "dataplane/auth/sasl_scram.h"
#include "storage/password/base64.h"
#include "storage/password/random.h"
#include "storage/password/verify.h"

namespace gatepost::dataplane {

namespace {

constexpr std::string_view kNames[] = {"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
                                       "OAUTHBEARER"};
constexpr size_t kNonceOctets = 18;  // of randomness: 24 characters in base64

// Names go into log lines and look-ups: none has control characters.
bool is_sound_login(std::string_view login) {
    if (login.empty() || login.size() > kLoginMax) return false;
    for (char c : login)
        if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) return false;
    return true;
}

}  // namespace

std::string_view mechanism_name(SaslMechanism mechanism) {
    return kNames[static_cast<size_t>(mechanism)];
}

std::optional<SaslMechanism> find_mechanism(std::string_view name) {
    for (size_t i = 0; i < std::size(kNames); ++i)
        if (kNames[i].size() == name.size() &&
            ::strncasecmp(kNames[i].data(), name.data(), name.size()) == 0)
            return static_cast<SaslMechanism>(i);
    return std::nullopt;
}

std::optional<std::string> decode_sasl_text(std::string_view base64) {
    if (base64.size() > kSaslTextMax) return std::nullopt;
    return storage::decode_base64(base64, storage::Base64Padding::required);
}

std::optional<std::string> decode_initial_response(std::string_view base64) {
    if (base64 == "=") return std::string();
    return decode_sasl_text(base64);
}

std::string_view failure_text(SaslFailure failure) {
    switch (failure) {
        case SaslFailure::none:
            return "nothing failed";
        case SaslFailure::malformed:
            return "what the client sent is not of the mechanism's form";
        case SaslFailure::wrong_credentials:
            return "unknown login or wrong password";
        case SaslFailure::authzid_refused:
            return "the client wants to act for another login than its own";
        case SaslFailure::binding_mismatch:
            return "the channel binding is that of another connection";
        case SaslFailure::binding_unsupported:
            return "the connection has no channel binding of the kind that the client wants";
        case SaslFailure::binding_downgraded:
            return "the client was not told that channel binding is offered: somebody is between";
    }
    return {};
}

SaslExchange::~SaslExchange() {
    ::explicit_bzero(secret_.data(), secret_.size());
}

SaslStep SaslExchange::decide(bool right) {
    return right ? SaslStep::succeeding() : SaslStep::failing(SaslFailure::wrong_credentials);
}

SaslStep SaslExchange::give_keys(const storage::ScramKeys*) {
    return SaslStep::failing(SaslFailure::malformed);
}

std::optional<SaslStep> SaslExchange::take_names(std::string_view authzid, std::string_view login) {
    if (!is_sound_login(login)) return SaslStep::failing(SaslFailure::malformed);
    if (!authzid.empty() && authzid != login)
        return SaslStep::failing(SaslFailure::authzid_refused);
    login_ = login;
    return std::nullopt;
}

bool SaslExchange::take_secret(std::string_view secret) {
    if (secret.empty() || secret.size() > storage::kPasswordMax) return false;
    secret_ = secret;
    return true;
}

Result<std::unique_ptr<SaslExchange>> make_sasl_exchange(SaslMechanism mechanism,
                                                         const SaslContext& context) {
    switch (mechanism) {
        case SaslMechanism::plain:
            return std::make_unique<SaslPlain>();
        case SaslMechanism::login:
            return std::make_unique<SaslLogin>();
        case SaslMechanism::oauthbearer:
            return std::make_unique<SaslOauthBearer>();
        case SaslMechanism::scram_sha_256:
        case SaslMechanism::scram_sha_256_plus:
            break;
    }
    auto nonce = storage::random_octets(kNonceOctets);
    if (!nonce) return tl::unexpected(nonce.error());
    return std::make_unique<SaslScram>(mechanism == SaslMechanism::scram_sha_256_plus, context,
                                       storage::encode_base64(*nonce));
}

}  // namespace gatepost::dataplane
