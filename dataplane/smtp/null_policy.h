// The policy of a system without rules: everything passes but who talks before the greeting, and
// who sends as somebody else.
#pragma once

#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::dataplane {

class NullPolicy : public SmtpPolicy {
  public:
    Task<PolicyVerdict> on_connect(const SmtpClient&) override { return accept(); }
    Task<PolicyVerdict> on_helo(const SmtpClient&) override { return accept(); }
    Task<PolicyVerdict> on_mail(const SmtpClient&, const storage::Envelope&) override {
        return accept();
    }
    Task<PolicyVerdict> on_rcpt(const SmtpClient&, const storage::Envelope&,
                                const PolicyRecipient&) override {
        return accept();
    }
    Task<PolicyVerdict> on_data_end(const SmtpClient&, const storage::Envelope&,
                                    const PolicyMessage&) override {
        return accept();
    }
    Task<PolicyVerdict> on_auth(const SmtpClient&) override { return accept(); }
    Task<> on_auth_end(const SmtpClient&, const LoginOutcome&) override { co_return; }
    bool on_rule(const SmtpClient&, SmtpRefusal rule) override {
        return rule != SmtpRefusal::unauthorized_pipelining;
    }

  protected:
    ~NullPolicy() = default;

  private:
    static Task<PolicyVerdict> accept() { co_return PolicyVerdict{}; }
};

}  // namespace gatepost::dataplane
