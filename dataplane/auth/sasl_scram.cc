#include "dataplane/auth/sasl_scram.h"

#include <fmt/format.h>
#include <string.h>  // explicit_bzero

#include <utility>

#include "storage/base/check.h"
#include "storage/password/base64.h"
#include "storage/password/create.h"
#include "storage/password/digest.h"
#include "storage/password/number_text.h"

namespace gatepost::dataplane {

namespace {

using storage::DigestKind;

constexpr size_t kNonceMax = 256;      // octets of the client's; libraries send 18 to 40
constexpr size_t kDecoySaltSize = 16;  // octets, as of created keys

std::string_view text_of(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// RFC 5802 §7: printable = %x21-2B / %x2D-7E
bool is_nonce(std::string_view nonce) {
    for (char c : nonce)
        if (c < 0x21 || c > 0x7e || c == ',') return false;
    return !nonce.empty() && nonce.size() <= kNonceMax;
}

}  // namespace

SaslScram::SaslScram(bool plus, const SaslContext& context, std::string nonce)
    : context_(context), plus_(plus), nonce_(std::move(nonce)) {
    GATEPOST_CHECK(context_.decoy_key != nullptr && is_nonce(nonce_));
}

SaslScram::~SaslScram() {
    ::explicit_bzero(keys_.stored_key.data(), keys_.stored_key.size());
    ::explicit_bzero(keys_.server_key.data(), keys_.server_key.size());
}

SaslStep SaslScram::step(std::string_view response) {
    switch (state_) {
        case State::first:
            return take_first(response);
        case State::final:
            return take_final(response);
        case State::acknowledgement:
            // RFC 4954 §4: where the last word is the server's, the client answers with nothing.
            if (!response.empty()) return fail_with(SaslFailure::malformed);
            state_ = State::ended;
            return SaslStep::succeeding();
        case State::keys:
        case State::ended:
            break;
    }
    return fail_with(SaslFailure::malformed);
}

SaslStep SaslScram::fail_with(SaslFailure why) {
    state_ = State::ended;
    return SaslStep::failing(why);
}

// RFC 5802 §6. A binding that this connection does not have is never equal to an empty one that a
// client sends: it ends the exchange here.
SaslFailure SaslScram::check_binding(const Gs2Header& header) const {
    if (header.flag == 'p') {
        if (!plus_) return SaslFailure::malformed;
        return binding_.empty() ? SaslFailure::binding_unsupported : SaslFailure::none;
    }
    if (plus_) return SaslFailure::malformed;
    if (header.flag == 'y' && context_.plus_offered) return SaslFailure::binding_downgraded;
    return SaslFailure::none;
}

// client-first-message = gs2-header [reserved-mext ","] username "," nonce ["," extensions]
SaslStep SaslScram::take_first(std::string_view message) {
    const auto header = Gs2Header::parse(message);
    if (!header) return fail_with(SaslFailure::malformed);
    if (header->binding_name == "tls-exporter") binding_ = context_.tls_exporter;
    if (header->binding_name == "tls-server-end-point") binding_ = context_.tls_server_end_point;
    if (SaslFailure why = check_binding(*header); why != SaslFailure::none) return fail_with(why);
    gs2_header_ = message.substr(0, header->length);
    const std::string_view bare = message.substr(header->length);
    std::string_view rest = bare;
    const std::string_view name = storage::take_field(rest, ',');
    const std::string_view nonce = storage::take_field(rest, ',');
    // RFC 5802 §5.1: "m=", which is reserved for mandatory extensions, must fail; so it does.
    if (!name.starts_with("n=") || !nonce.starts_with("r=") || !is_nonce(nonce.substr(2)))
        return fail_with(SaslFailure::malformed);
    const auto login = decode_saslname(name.substr(2));
    if (!login) return fail_with(SaslFailure::malformed);
    if (auto refused = take_names(header->authzid, *login)) return fail_with(refused->failure);
    nonce_.insert(0, nonce.substr(2));
    auth_message_ = bare;
    state_ = State::keys;
    return SaslStep::wanting(SaslStep::Kind::find_scram_keys);
}

storage::ScramKeys SaslScram::decoy_keys() const {
    const std::string_view key = text_of(*context_.decoy_key);
    auto made = [&](std::string_view what) {
        return storage::hmac(DigestKind::sha256, key, fmt::format("{} {}", what, login()));
    };
    return {storage::ScramHash::sha256, storage::kScramIterations,
            made("salt").substr(0, kDecoySaltSize), made("stored key"), made("server key")};
}

SaslStep SaslScram::give_keys(const storage::ScramKeys* keys) {
    if (state_ != State::keys) return fail_with(SaslFailure::malformed);
    // Made for those as well who have keys, so that it takes the same time.
    keys_ = decoy_keys();
    known_ = keys != nullptr && keys->hash == storage::ScramHash::sha256;
    if (known_) keys_ = *keys;
    state_ = State::final;
    std::string challenge =
        fmt::format("r={},s={},i={}", nonce_, storage::encode_base64(keys_.salt), keys_.iterations);
    auth_message_ += ',';
    auth_message_ += challenge;
    return SaslStep::challenging(std::move(challenge));
}

std::string SaslScram::binding_input() const {
    return gs2_header_ + std::string(text_of(binding_));
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
SaslStep SaslScram::take_final(std::string_view message) {
    constexpr std::string_view kProof = ",p=";
    const size_t end = message.rfind(kProof);
    if (end == std::string_view::npos) return fail_with(SaslFailure::malformed);
    const std::string_view without_proof = message.substr(0, end);
    const auto proof = storage::decode_base64(message.substr(end + kProof.size()),
                                              storage::Base64Padding::required);
    std::string_view rest = without_proof;
    const std::string_view binding = storage::take_field(rest, ',');
    const std::string_view nonce = storage::take_field(rest, ',');
    if (!proof || !binding.starts_with("c=") || !nonce.starts_with("r="))
        return fail_with(SaslFailure::malformed);
    const auto bound = storage::decode_base64(binding.substr(2), storage::Base64Padding::required);
    if (!bound) return fail_with(SaslFailure::malformed);
    // RFC 5802 §5.1: c= is the gs2-header of the first message, and the octets of the connection.
    if (!storage::equal_in_constant_time(*bound, binding_input()))
        return fail_with(SaslFailure::binding_mismatch);
    if (nonce.substr(2) != nonce_) return fail_with(SaslFailure::malformed);
    auth_message_ += ',';
    auth_message_ += without_proof;
    if (!is_proof(*proof, auth_message_) || !known_)
        return fail_with(SaslFailure::wrong_credentials);
    state_ = State::acknowledgement;
    // RFC 5802 §3: ServerSignature := HMAC(ServerKey, AuthMessage)
    const std::string signature =
        storage::hmac(DigestKind::sha256, keys_.server_key, auth_message_);
    return SaslStep::challenging("v=" + storage::encode_base64(signature));
}

// RFC 5802 §3: ClientProof := ClientKey XOR HMAC(StoredKey, AuthMessage), StoredKey := H(ClientKey)
bool SaslScram::is_proof(std::string_view proof, std::string_view auth_message) const {
    std::string client_key = storage::hmac(DigestKind::sha256, keys_.stored_key, auth_message);
    if (proof.size() != client_key.size()) return false;
    for (size_t i = 0; i < proof.size(); ++i)
        client_key[i] = static_cast<char>(client_key[i] ^ proof[i]);
    const bool right = storage::equal_in_constant_time(
        storage::digest(DigestKind::sha256, {client_key}), keys_.stored_key);
    ::explicit_bzero(client_key.data(), client_key.size());
    return right;
}

}  // namespace gatepost::dataplane
