#include "tools/gatepost/command/service_records.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatepost::tools {

namespace {

// RFC 6186 §3.4: what is preferred has a lower priority, across the services. TLS from the first
// octet comes before STARTTLS (RFC 8314 §3), IMAP before POP3.
struct Service {
    const char* name;
    const std::vector<Endpoint>& listen;
    int priority;
};

bool is_loopback(const Endpoint& endpoint) {
    const std::string host = endpoint_host(endpoint);
    return host.starts_with("127.") || host == "::1";
}

}  // namespace

std::vector<controlplane::ExtraRecord> service_records(const MailConfig& mail) {
    const Service services[] = {{"_submissions._tcp", mail.submissions_listen, 0},
                                {"_submission._tcp", mail.submission_listen, 10},
                                {"_imaps._tcp", mail.imaps_listen, 0},
                                {"_imap._tcp", mail.imap_listen, 10},
                                {"_pop3s._tcp", mail.pop3s_listen, 20},
                                {"_pop3._tcp", mail.pop3_listen, 30}};
    std::vector<controlplane::ExtraRecord> records;
    bool any = false;
    for (const Service& service : services) {
        const auto open =
            std::find_if_not(service.listen.begin(), service.listen.end(), is_loopback);
        const bool served = open != service.listen.end();
        any |= served;
        // RFC 6186 §3.4: a target of "." says that the service is not there.
        records.push_back(
            {service.name,
             "SRV",
             {served ? fmt::format("{} 1 {} {}.", service.priority, open->port(), mail.hostname)
                     : "0 0 0 ."}});
    }
    const bool has_name = mail.hostname.find('.') != std::string::npos;
    if (!any || !has_name) records.clear();
    return records;
}

}  // namespace gatepost::tools
