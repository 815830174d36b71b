#include "storage/calendar/date.hpp"
#include "storage/print/detail/parts.hpp"

#include <array>

namespace sluice::print {
namespace {

using detail::content;
using detail::label;

constexpr std::array kRegisterHeadings{
    "編號",
    "專卷號",
    "收件日",
    "申請單位/申請人",
    "類別(局內/局外/司法)",
    "項目(調閱/複製)",
    "事由",
    "攝影機與時段",
    "決定及條款",
    "陪同人員",
    "起訖時間",
    "實際提供內容",
    "複製品編號/銷毀期限",
    "申請人簽收",
    "備註",
};

std::string day_text(UtcTime at) {
    return calendar::to_roc_text(calendar::taipei_date(at));
}

}  // namespace

Document register_page(const std::vector<RegisterLine>& lines, const TimeRange& period, UtcTime made) {
    // The last day of the period is the one before its end.
    const std::string days = day_text(period.from) + "至" + day_text(period.to - Microseconds{1});
    Document document{
        .title = "監視器攝錄資料調閱(複製)專簿",
        .reference = days,
        .is_landscape = true,
        .made = made,
        .blocks = {}
    };
    Table table{.widths = {2, 3, 3, 4, 3, 3, 5, 6, 5, 3, 5, 6, 5, 3, 3}, .rows = {}, .has_head = true};
    Row head;
    for (const char* heading : kRegisterHeadings)
        head.push_back(label(heading));
    table.rows.push_back(std::move(head));
    for (const RegisterLine& line : lines) {
        Row row;
        for (const std::string* text :
             {&line.number,
              &line.dossier,
              &line.received,
              &line.applicant,
              &line.channel,
              &line.kind,
              &line.reason,
              &line.footage,
              &line.decision,
              &line.escort,
              &line.times,
              &line.delivered,
              &line.copy,
              &line.receipt,
              &line.remark})
            row.push_back(content(*text));
        table.rows.push_back(std::move(row));
    }
    document.blocks.emplace_back(Paragraph{.text = "期間：" + days});
    document.blocks.emplace_back(std::move(table));
    return document;
}

Document copy_receipt(const CopyFacts& copy, const texts::Texts& texts, UtcTime made) {
    Document document{.title = "監視器攝錄資料複製品領據", .made = made, .blocks = {}};
    document.reference = "專卷第" + copy.dossier + "號";
    std::string files;
    for (const std::string& file : copy.files)
        files += (files.empty() ? "" : "\n") + file;
    document.blocks.emplace_back(Table{
        .widths = {1, 3},
        .rows =
            {{label("複製品編號"), content(copy.number)},
             {label("專卷號"), content(copy.dossier)},
             {label("領受人"), content(copy.recipient)},
             {label("封存時間"), content(calendar::to_roc_minute(copy.sealed))},
             {label("檔案及雜湊值(SHA-256)"), content(files)},
             // The last day on which it may exist.
             {label("銷毀期限"), content(day_text(copy.destroy_by - Microseconds{1}))},
             {label("陪同人員"), content(copy.escort)}},
    });
    document.blocks.emplace_back(detail::paragraph(texts.get("copy.undertaking")));
    document.blocks.emplace_back(Table{
        .widths = {1, 3},
        .rows = {{label("領受人簽名"), content("\n")}, {label("日期"), content("　年　月　日")}},
    });
    return document;
}

}  // namespace sluice::print
