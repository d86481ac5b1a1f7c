#include "dataplane/auth/sasl_login.h"

namespace gatepost::dataplane {

// The draft has other words; these are what every server says, and some clients look at them.
SaslStep SaslLogin::begin() {
    return SaslStep::challenging("Username:");
}

SaslStep SaslLogin::step(std::string_view response) {
    switch (state_) {
        case State::login: {
            state_ = State::ended;
            if (auto refused = take_names({}, response)) return *refused;
            state_ = State::password;
            return SaslStep::challenging("Password:");
        }
        case State::password:
            state_ = State::ended;
            if (response.find('\0') != std::string_view::npos || !take_secret(response)) break;
            return SaslStep::wanting(SaslStep::Kind::check_password);
        case State::ended:
            break;
    }
    return SaslStep::failing(SaslFailure::malformed);
}

}  // namespace gatepost::dataplane
