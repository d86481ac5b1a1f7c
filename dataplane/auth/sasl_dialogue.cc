#include "dataplane/auth/sasl_dialogue.h"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <utility>

namespace gatepost::dataplane {

using Kind = SaslStep::Kind;
using Status = LoginOutcome::Status;

void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

void wipe(std::optional<std::string>& text) {
    if (text) wipe(*text);
}

std::vector<SaslMechanism> usable_mechanisms(LoginPort& port, const TlsSession* tls) {
    const auto offered = port.mechanisms();
    std::vector<SaslMechanism> usable(offered.begin(), offered.end());
    std::array<uint8_t, 32> binding;
    if (tls == nullptr || !tls->export_channel_binding(binding))
        std::erase(usable, SaslMechanism::scram_sha_256_plus);
    return usable;
}

SaslDialogue::SaslDialogue(LoginPort& port, const LoginClient& client, const TlsSession* tls)
    : port_(port), client_(client), usable_(usable_mechanisms(port, tls)) {
    is_bound_ = offers(SaslMechanism::scram_sha_256_plus) && tls->export_channel_binding(binding_);
}

bool SaslDialogue::offers(SaslMechanism mechanism) const {
    return std::ranges::find(usable_, mechanism) != usable_.end();
}

bool SaslDialogue::choose(SaslMechanism mechanism) {
    mechanism_ = mechanism;
    SaslContext context{.plus_offered = offers(SaslMechanism::scram_sha_256_plus),
                        .decoy_key = &port_.decoy_key()};
    if (is_bound_) context.tls_exporter = binding_;
    auto made = make_sasl_exchange(mechanism, context);
    if (made) exchange_ = std::move(*made);
    return made.has_value();
}

Task<bool> SaslDialogue::begin() {
    step_ = exchange_->begin();
    return go_on();
}

Task<bool> SaslDialogue::answer(std::string& octets) {
    step_ = exchange_->step(octets);
    wipe(octets);
    return go_on();
}

Task<bool> SaslDialogue::go_on() {
    while (step_.kind != Kind::challenge) {
        if (step_.kind == Kind::success || step_.kind == Kind::failure) {
            if (step_.kind == Kind::failure && who_.status == Status::right)
                who_.status = Status::wrong;  // SCRAM: known, but not proven
            if (who_.user.empty()) who_.user = exchange_->login();
            co_return false;
        }
        co_await ask_port();
        if (who_.status == Status::unavailable) co_return false;
    }
    co_return true;
}

// Answers what the exchange asks of the directory.
Task<> SaslDialogue::ask_port() {
    if (step_.kind == Kind::find_scram_keys) {
        std::optional<storage::ScramKeys> keys;
        who_ = co_await port_.find_scram_keys(client_, exchange_->login(), keys);
        const bool found = who_.status == Status::right && keys;
        step_ = exchange_->give_keys(found ? &*keys : nullptr);
        co_return;
    }
    who_ = co_await port_.check(client_, mechanism_, exchange_->login(), exchange_->secret());
    has_refused_ = who_.status == Status::wrong;
    if (who_.user.empty()) who_.user = exchange_->login();
    step_ = exchange_->decide(who_.status == Status::right);
}

SaslFailure SaslDialogue::failure() const {
    if (who_.status == Status::unavailable) return SaslFailure::none;
    return has_refused_ ? SaslFailure::wrong_credentials : step_.failure;
}

}  // namespace gatepost::dataplane
