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
    const std::string& host;
};

bool is_loopback(const Endpoint& endpoint) {
    const std::string host = endpoint_host(endpoint);
    return host.starts_with("127.") || host == "::1";
}

}  // namespace

std::vector<controlplane::ExtraRecord> service_records(const MailConfig& mail,
                                                       const ServiceHosts& hosts) {
    const auto or_server = [&](const std::string& host) -> const std::string& {
        return host.empty() ? mail.hostname : host;
    };
    const std::string& imap = or_server(hosts.imap);
    const std::string& pop = or_server(hosts.pop);
    const std::string& smtp = or_server(hosts.smtp);
    const Service services[] = {{"_submissions._tcp", mail.submissions_listen, 0, smtp},
                                {"_submission._tcp", mail.submission_listen, 10, smtp},
                                {"_imaps._tcp", mail.imaps_listen, 0, imap},
                                {"_imap._tcp", mail.imap_listen, 10, imap},
                                {"_pop3s._tcp", mail.pop3s_listen, 20, pop},
                                {"_pop3._tcp", mail.pop3_listen, 30, pop}};
    std::vector<controlplane::ExtraRecord> records;
    bool any = false;
    for (const Service& service : services) {
        const auto open =
            std::find_if_not(service.listen.begin(), service.listen.end(), is_loopback);
        const bool served = open != service.listen.end();
        if (served && service.host.find('.') == std::string::npos) continue;
        any |= served;
        // RFC 6186 §3.4: a target of "." says that the service is not there.
        records.push_back(
            {service.name,
             "SRV",
             {served ? fmt::format("{} 1 {} {}.", service.priority, open->port(), service.host)
                     : "0 0 0 ."}});
    }
    if (!any) records.clear();
    return records;
}

}  // namespace gatepost::tools
