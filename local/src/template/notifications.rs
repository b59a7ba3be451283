//! What a bucket tells of its new objects, and to which queue.

use super::model::{Notification, Template};
use super::properties::{FilterName, NotificationProperties, QueueNotification};
use super::{TemplateError, invalid, unsupported};

/// The one kind of event that is known here: however an object came to be.
const CREATED: &str = "s3:ObjectCreated:*";

pub fn read(at: &str, properties: NotificationProperties) -> Result<Vec<Notification>, TemplateError> {
    let notifications = properties.queue_configurations.into_iter().enumerate();
    let notifications = notifications.map(|(nth, configuration)| {
        one(&format!("{at}.NotificationConfiguration.QueueConfigurations[{nth}]"), configuration)
    });
    let notifications = notifications.collect::<Result<Vec<_>, _>>()?;
    // S3 refuses filters that overlap: an object would be told twice.
    let overlap = |a: &Notification, b: &Notification| {
        (a.prefix.starts_with(&b.prefix) || b.prefix.starts_with(&a.prefix))
            && (a.suffix.ends_with(&b.suffix) || b.suffix.ends_with(&a.suffix))
    };
    let pairs = (0..notifications.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    match pairs.into_iter().find(|(a, b)| overlap(&notifications[*a], &notifications[*b])) {
        Some(_) => Err(invalid(format!("{at}.NotificationConfiguration"), "two filters fit the same key")),
        None => Ok(notifications),
    }
}

fn one(at: &str, configuration: QueueNotification) -> Result<Notification, TemplateError> {
    if configuration.event != CREATED {
        return Err(unsupported(at, format!("the event {} (only {CREATED} is)", configuration.event)));
    }
    let mut notification =
        Notification { prefix: String::new(), suffix: String::new(), queue_arn: configuration.queue };
    for rule in configuration.filter.key.rules {
        match rule.name {
            FilterName::Prefix => notification.prefix = rule.value,
            FilterName::Suffix => notification.suffix = rule.value,
        }
    }
    Ok(notification)
}

/// S3 refuses a notification to a queue that is not there.
pub fn check_queues(template: &Template) -> Result<(), TemplateError> {
    for bucket in &template.buckets {
        for notification in &bucket.notifications {
            if !template.queues.iter().any(|queue| queue.arn == notification.queue_arn) {
                let at = format!("NotificationConfiguration of {}", bucket.name);
                return Err(TemplateError::UnknownReference { at, name: notification.queue_arn.clone() });
            }
        }
    }
    Ok(())
}

impl Notification {
    pub fn fits(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && key.ends_with(&self.suffix)
    }
}
