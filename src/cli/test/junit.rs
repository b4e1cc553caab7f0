//! What came of the cases as JUnit XML: a suite for each file, and one for the rules if every rule
//! must be met.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::text::{difference, one_line};
use super::{Outcome, Report};

pub(super) fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new("jotgate test");
    for suite in &report.suites {
        let mut cases = TestSuite::new(&suite.name);
        for outcome in &suite.outcomes {
            let mut case = TestCase::new(&outcome.name, status(outcome));
            case.set_classname(&suite.name);
            cases.add_test_case(case);
        }
        document.add_test_suite(cases);
    }
    if report.is_coverage_required {
        document.add_test_suite(rules(report));
    }
    document.serialize(out).map_err(io::Error::other)
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    if outcome.passed() {
        return TestCaseStatus::success();
    }
    let differences = outcome.differences.iter().map(|it| {
        format!(
            "{}: expected {}, got {}",
            it.field,
            one_line(&it.expected),
            one_line(&it.found)
        )
    });
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(differences.collect::<Vec<_>>().join("; "));
    status.set_description(difference(outcome));
    status
}

fn rules(report: &Report) -> TestSuite {
    let never_hit = report.never_hit();
    let mut rules = TestSuite::new("rules");
    for name in &report.rules {
        let mut status = TestCaseStatus::success();
        if never_hit.contains(&name.as_str()) {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("rule `{name}` is never hit"));
        }
        let mut case = TestCase::new(name, status);
        case.set_classname("rules");
        rules.add_test_case(case);
    }
    rules
}
