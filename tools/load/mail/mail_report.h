// What a run over SMTP says: a line each second, a table or JSON at the end.
#pragma once

#include <string>

#include "tools/load/mail/mail_engine.h"
#include "tools/load/mail/mail_statistics.h"
#include "tools/load/mail/smtp_options.h"
#include "tools/load/report.h"

namespace gatepost::tools {

struct MailReport {
    const SmtpLoadOptions& options;
    MailStatistics statistics;
    CpuSeconds cpu;
};

// "  3.0 s  accepted 1,000  rejected 0  sessions 20  p50 900 us  p99 4,000 us"
std::string mail_interval_line(const MailInterval& interval);
std::string mail_report_table(const MailReport& report);
// One object, with a final newline.
std::string mail_report_json(const MailReport& report);

}  // namespace gatepost::tools
