#include "dataplane/auth/sasl_oauthbearer.h"

#include <strings.h>

#include "dataplane/auth/gs2_header.h"
#include "storage/password/number_text.h"

namespace gatepost::dataplane {

namespace {

constexpr char kSeparator = '\x01';  // RFC 7628 §3.1: kvsep

// RFC 7628 §3.1: key = 1*(ALPHA), value = *(VCHAR / SP / HTAB / CR / LF)
bool is_pair(std::string_view key, std::string_view value) {
    for (char c : key)
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')) return false;
    for (char c : value)
        if (!(c >= 0x20 && c <= 0x7e) && c != '\t' && c != '\r' && c != '\n') return false;
    return !key.empty();
}

// RFC 6750 §2.1: credentials = "Bearer" 1*SP b64token. "": it is not that.
std::string_view bearer_token(std::string_view value) {
    constexpr std::string_view kScheme = "Bearer ";
    if (value.size() < kScheme.size() ||
        ::strncasecmp(value.data(), kScheme.data(), kScheme.size()) != 0)
        return {};
    value.remove_prefix(kScheme.size());
    while (value.starts_with(' ')) value.remove_prefix(1);
    std::string_view token = value;
    while (token.ends_with('=')) token.remove_suffix(1);
    constexpr std::string_view kCharacters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    const bool sound =
        !token.empty() && token.find_first_not_of(kCharacters) == std::string_view::npos;
    return sound ? value : std::string_view();
}

}  // namespace

SaslStep SaslOauthBearer::step(std::string_view response) {
    const State state = state_;
    state_ = State::ended;
    switch (state) {
        case State::message:
            return take_message(response);
        case State::error:
            // RFC 7628 §3.2.3: the client acknowledges the error (with %x01), and it has failed.
            return SaslStep::failing(SaslFailure::wrong_credentials);
        case State::token:
        case State::ended:
            break;
    }
    return SaslStep::failing(SaslFailure::malformed);
}

// client-resp = gs2-header kvsep *kvpair kvsep, and every pair ends with kvsep
SaslStep SaslOauthBearer::take_message(std::string_view message) {
    const SaslStep malformed = SaslStep::failing(SaslFailure::malformed);
    const auto header = Gs2Header::parse(message);
    // RFC 7628 §3: without channel binding. Without a name there is no account to look in.
    if (!header || header->flag == 'p' || header->authzid.empty()) return malformed;
    std::string_view rest = message.substr(header->length);
    if (!rest.starts_with(kSeparator) || !rest.ends_with(kSeparator) || rest.size() < 2)
        return malformed;
    rest.remove_prefix(1);
    rest.remove_suffix(1);
    std::string_view token;
    while (!rest.empty()) {
        if (rest.find(kSeparator) == std::string_view::npos) return malformed;
        std::string_view value = storage::take_field(rest, kSeparator);
        if (value.find('=') == std::string_view::npos) return malformed;
        const std::string_view key = storage::take_field(value, '=');
        if (!is_pair(key, value)) return malformed;
        // RFC 7628 §3.1: others are passed over; host= and port= are the client's idea of us.
        if (key != "auth") continue;
        if (!token.empty()) return malformed;
        token = bearer_token(value);
        if (token.empty()) return malformed;
    }
    if (!take_secret(token)) return malformed;
    if (auto refused = take_names({}, header->authzid)) return *refused;
    state_ = State::token;
    return SaslStep::wanting(SaslStep::Kind::check_token);
}

SaslStep SaslOauthBearer::decide(bool right) {
    if (state_ != State::token) return SaslStep::failing(SaslFailure::malformed);
    state_ = right ? State::ended : State::error;
    if (right) return SaslStep::succeeding();
    // RFC 7628 §3.2.2
    return SaslStep::challenging(R"({"status":"invalid_token"})");
}

}  // namespace gatepost::dataplane
